//! The destination of each signal.

use crate::config::{OtlpTarget, Protocol, TelemetryConfig};
use crate::signal::Signal;

#[test]
fn protocol_and_url_of_each_signal() {
    let config = TelemetryConfig::default();
    for (config, protocol, traces, metrics) in [
        (
            config.clone(),
            Protocol::HttpProtobuf,
            "http://127.0.0.1:4318/v1/traces",
            "http://127.0.0.1:4318/v1/metrics",
        ),
        (
            config.clone().with_protocol(Protocol::Grpc),
            Protocol::Grpc,
            "http://127.0.0.1:4317",
            "http://127.0.0.1:4317",
        ),
        (
            config.clone().with_endpoint("http://c:4317/v1/traces"),
            Protocol::HttpProtobuf,
            "http://c:4317/v1/traces",
            "http://c:4317/v1/metrics",
        ),
        (
            config.clone().with_endpoint("http://c:4317/"),
            Protocol::Grpc,
            "http://c:4317",
            "http://c:4317",
        ),
        (
            config.clone().with_endpoint("http://c"),
            Protocol::HttpProtobuf,
            "http://c/v1/traces",
            "http://c/v1/metrics",
        ),
        (
            config.clone().with_endpoint("http://[::1]:4317"),
            Protocol::Grpc,
            "http://[::1]:4317",
            "http://[::1]:4317",
        ),
        (
            config.clone().with_endpoint("http://[::1]"),
            Protocol::HttpProtobuf,
            "http://[::1]/v1/traces",
            "http://[::1]/v1/metrics",
        ),
        (
            config.clone().with_endpoint("http://c:4318"),
            Protocol::HttpProtobuf,
            "http://c:4318/v1/traces",
            "http://c:4318/v1/metrics",
        ),
        (
            config.clone().with_endpoint("http://127.0.0.1:4318/v1/traces"),
            Protocol::HttpProtobuf,
            "http://127.0.0.1:4318/v1/traces",
            "http://127.0.0.1:4318/v1/metrics",
        ),
        (
            config.clone().with_endpoint("https://c/otel/"),
            Protocol::HttpProtobuf,
            "https://c/otel/v1/traces",
            "https://c/otel/v1/metrics",
        ),
        (
            config
                .clone()
                .with_endpoint("http://c:4318")
                .with_protocol(Protocol::Grpc),
            Protocol::Grpc,
            "http://c:4318",
            "http://c:4318",
        ),
    ] {
        let targets = [Signal::Traces, Signal::Metrics]
            .map(|signal| OtlpTarget::new(&config, signal).expect("a target"));
        assert_eq!(
            targets.each_ref().map(|target| target.url.as_str()),
            [traces, metrics],
            "{:?}",
            config.endpoint
        );
        assert!(
            targets.iter().all(|target| target.protocol == protocol),
            "{:?}: {protocol:?}",
            config.endpoint
        );
    }
}

/// Jaeger supports traces only. A run with metrics used to end in an error.
#[cfg(all(feature = "otlp-grpc", feature = "otlp-http"))]
#[test]
fn jaeger_gets_traces_only() {
    use crate::config::variables::Variables;
    use crate::config::{Exporter, Exporters};

    let exporters = |config: &TelemetryConfig| Signal::ALL.map(|signal| config.exporters_of(signal));
    let traces_only = [Exporter::Jaeger, Exporter::None, Exporter::None].map(Exporters::from);
    let file = TelemetryConfig::from_json_str(r#"{"exporter": "jaeger"}"#).expect("accepted");
    let endpoint = Variables::new([("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317")]);
    for (case, config) in [
        ("code", TelemetryConfig::default().with_exporter(Exporter::Jaeger)),
        ("a file", file.clone()),
        (
            "a file and an endpoint of the environment",
            file.overlay(&endpoint).expect("accepted"),
        ),
        (
            "a variable",
            TelemetryConfig::from_vars([("OTEL_TRACES_EXPORTER", "jaeger")]).expect("accepted"),
        ),
    ] {
        assert_eq!(exporters(&config), traces_only, "{case}");
        config.check().expect(case);
    }
    let elsewhere = TelemetryConfig::default()
        .with_exporter(Exporter::Jaeger)
        .with_metrics_exporter(Exporter::Otlp);
    assert_eq!(
        exporters(&elsewhere),
        [Exporter::Jaeger, Exporter::None, Exporter::Otlp].map(Exporters::from),
        "metrics elsewhere"
    );

    let jaeger = TelemetryConfig::default().with_metrics_exporter(Exporter::Jaeger);
    let error = jaeger.check().expect_err("no metrics in it").to_string();
    let expected = "metrics_exporter (OTEL_METRICS_EXPORTER) = \"jaeger\" is not accepted: use one that supports metrics, \
                    and Jaeger for traces only";
    assert_eq!(error, expected, "metrics to Jaeger");
    let error = TelemetryConfig::default()
        .with_max_request_bytes(0)
        .check()
        .expect_err("nothing fits");
    let expected = "max_request_bytes = \"0\" is not accepted: use a whole number of bytes from 1";
    assert_eq!(error.to_string(), expected, "no request at all");
}
