//! Variables that select a feature which is not compiled in.

use super::vars;

#[test]
fn variables_of_missing_features_are_ignored_and_reported() {
    let has_otlp = cfg!(any(feature = "otlp-grpc", feature = "otlp-http"));
    for (variable, value, feature, is_compiled_in) in [
        ("OTEL_PROPAGATORS", "xray", "xray", false),
        ("OTEL_TRACES_EXPORTER", "otlp", "otlp-grpc", has_otlp),
        ("OTEL_TRACES_EXPORTER", "jaeger", "otlp-grpc", has_otlp),
        ("OTEL_LOGS_EXPORTER", "otlp", "otlp-http", has_otlp),
        (
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "http/json",
            "otlp-json",
            cfg!(feature = "otlp-json"),
        ),
        (
            "OTEL_EXPORTER_OTLP_COMPRESSION",
            "gzip",
            "gzip",
            cfg!(feature = "gzip"),
        ),
    ] {
        let config = vars(&[(variable, value), ("THROUGHLINE_ENABLED", "true")]);
        let ignored = config.ignored_variables();
        assert_eq!(
            ignored.len(),
            usize::from(!is_compiled_in),
            "{variable}={value}: {ignored:?}"
        );
        for ignored in ignored {
            assert_eq!((&*ignored.variable, &*ignored.value), (variable, value), "which");
            assert!(
                ignored.reason.contains(feature) && ignored.reason.contains("not compiled in"),
                "{variable}={value}: {}",
                ignored.reason
            );
        }
    }
}
