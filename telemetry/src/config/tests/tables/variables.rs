//! The meaning of each variable.

use crate::config::tests::{variables_of, vars};
use crate::config::{Compression, Exporter, OtlpTarget, Propagator, Protocol, TelemetryConfig, TlsConfig};
use crate::hook::StartupHook;
use crate::signal::Signal;

#[test]
fn nothing_set_is_off() {
    assert_eq!(vars(&[]), TelemetryConfig::default(), "no variable");
    assert_eq!(
        vars(&[("OTEL_TRACES_EXPORTER", " "), ("OTEL_SERVICE_NAME", "")]),
        TelemetryConfig::default(),
        "empty"
    );
    assert!(!TelemetryConfig::default().enabled, "the default");
}

#[test]
fn variables_that_turn_telemetry_on() {
    for (set, enabled, exporter) in [
        (&[("OTEL_SERVICE_NAME", "shop")][..], false, Exporter::Console),
        (&[("OTEL_TRACES_SAMPLER", "always_on")], false, Exporter::Console),
        (&[("THROUGHLINE_ENABLED", "true")], true, Exporter::Console),
        (&[("OTEL_TRACES_EXPORTER", "otlp")], true, Exporter::Otlp),
        (
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317")],
            true,
            Exporter::Otlp,
        ),
        (
            &[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c:4317")],
            true,
            Exporter::Otlp,
        ),
        (
            &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317"),
                ("OTEL_TRACES_EXPORTER", "console"),
            ],
            true,
            Exporter::Console,
        ),
        (
            &[("OTEL_TRACES_EXPORTER", "otlp"), ("THROUGHLINE_ENABLED", "False")],
            false,
            Exporter::Otlp,
        ),
        (
            &[("THROUGHLINE_ENABLED", "true"), ("OTEL_SDK_DISABLED", "TRUE")],
            false,
            Exporter::Console,
        ),
        (
            &[("THROUGHLINE_ENABLED", "true"), ("OTEL_SDK_DISABLED", "false")],
            true,
            Exporter::Console,
        ),
    ] {
        let config = vars(set);
        assert_eq!(
            (config.enabled, config.exporters_of(Signal::Traces)),
            (enabled, exporter.into()),
            "{set:?}"
        );
    }
}

#[test]
fn signals_without_a_variable_follow_the_specification() {
    for (set, traces, metrics) in [
        (
            &[("OTEL_TRACES_EXPORTER", "otlp")][..],
            Exporter::Otlp,
            Exporter::Otlp,
        ),
        (
            &[("OTEL_TRACES_EXPORTER", "console")],
            Exporter::Console,
            Exporter::Console,
        ),
        (
            &[("OTEL_TRACES_EXPORTER", "none")],
            Exporter::None,
            Exporter::Otlp,
        ),
        (
            &[("OTEL_METRICS_EXPORTER", "none")],
            Exporter::Otlp,
            Exporter::None,
        ),
        (
            &[("OTEL_METRICS_EXPORTER", "prometheus")],
            Exporter::Otlp,
            Exporter::Prometheus,
        ),
    ] {
        let config = vars(set);
        let exporters = (
            config.exporters_of(Signal::Traces),
            config.exporters_of(Signal::Metrics),
        );
        assert_eq!(exporters, (traces.into(), metrics.into()), "{set:?}");
    }
    let mine = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::Console);
    let mine = mine
        .overlay(&variables_of(&[("OTEL_METRICS_EXPORTER", "none")]))
        .expect("accepted");
    assert_eq!(
        mine.exporters_of(Signal::Traces),
        Exporter::Console,
        "what was chosen in code stays"
    );
}

/// With only an endpoint, logs used to be silently discarded.
#[test]
fn logs_follow_the_specification() {
    const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317");
    for (set, logs) in [
        (&[][..], Exporter::None),
        (&[("THROUGHLINE_ENABLED", "true")], Exporter::None),
        (&[("OTEL_SERVICE_NAME", "shop")], Exporter::None),
        (&[ENDPOINT], Exporter::Otlp),
        (
            &[("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://c:4317")],
            Exporter::Otlp,
        ),
        (
            &[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c:4317")],
            Exporter::Otlp,
        ),
        (&[ENDPOINT, ("OTEL_LOGS_EXPORTER", "none")], Exporter::None),
        (&[ENDPOINT, ("OTEL_LOGS_EXPORTER", "console")], Exporter::Console),
        (&[ENDPOINT, ("OTEL_TRACES_EXPORTER", "console")], Exporter::Otlp),
        (&[("OTEL_TRACES_EXPORTER", "otlp")], Exporter::Otlp),
        (&[("OTEL_TRACES_EXPORTER", "none")], Exporter::Otlp),
        (&[("OTEL_METRICS_EXPORTER", "prometheus")], Exporter::Otlp),
        (&[("OTEL_TRACES_EXPORTER", "console")], Exporter::None),
        (&[("OTEL_TRACES_EXPORTER", "file")], Exporter::File),
        (&[("OTEL_TRACES_EXPORTER", "console-json")], Exporter::ConsoleJson),
        (&[("OTEL_TRACES_EXPORTER", "zipkin")], Exporter::None),
    ] {
        assert_eq!(vars(set).exporters_of(Signal::Logs), logs, "{set:?}");
    }
    let code = || TelemetryConfig::default().with_enabled(true);
    let read = |config: TelemetryConfig, set: &[(&str, &str)]| {
        config
            .overlay(&variables_of(set))
            .expect("read")
            .exporters_of(Signal::Logs)
    };
    let metrics = [("OTEL_METRICS_EXPORTER", "none")];
    assert_eq!(
        read(code(), &metrics),
        Exporter::None,
        "on in code, which names no exporter of logs"
    );
    assert_eq!(
        read(code(), &[ENDPOINT]),
        Exporter::Otlp,
        "on in code, with an endpoint in the environment"
    );
    let file = TelemetryConfig::from_json_str(r#"{"logs_exporter": "none", "tracing.enabled": true}"#);
    assert_eq!(
        read(file.expect("accepted"), &[ENDPOINT]),
        Exporter::None,
        "the file has named it"
    );
}

#[test]
fn prometheus_listens_on_the_configured_address() {
    for (set, expected) in [
        (&[("OTEL_EXPORTER_PROMETHEUS_PORT", "9000")][..], "127.0.0.1:9000"),
        (&[("OTEL_EXPORTER_PROMETHEUS_HOST", "0.0.0.0")], "0.0.0.0:9464"),
        (
            &[
                ("OTEL_EXPORTER_PROMETHEUS_PORT", "9000"),
                ("OTEL_EXPORTER_PROMETHEUS_HOST", "::"),
            ],
            "[::]:9000",
        ),
    ] {
        assert_eq!(vars(set).prometheus_listen.as_deref(), Some(expected), "{set:?}");
    }
    let none = TelemetryConfig::from_json_str(r#"{"prometheus.listen": "none"}"#).expect("accepted");
    assert_eq!(none.prometheus_listen, None, "no listener");
    let error = TelemetryConfig::from_json_str(r#"{"prometheus.listen": "9464"}"#).expect_err("no host");
    let expected = "in the configuration text, prometheus.listen = \"9464\" is not accepted: use a host and a port such as \
                    127.0.0.1:9464, or \"none\"";
    assert_eq!(error.to_string(), expected, "the message");
}

#[test]
fn every_variable_sets_its_field() {
    let config = vars(&[
        ("OTEL_SERVICE_NAME", " shop "),
        ("OTEL_TRACES_EXPORTER", "otlp"),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector/otel"),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://metrics:4317"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "grpc"),
        ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ("THROUGHLINE_TOKENIZER_TARGET_MODEL", "gpt-4o"),
        ("OTEL_PROPAGATORS", "b3, tracecontext"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "100"),
        ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "50"),
        ("THROUGHLINE_STARTUP_HOOK", "mine"),
        ("THROUGHLINE_MAX_QUEUE_BYTES", "1000"),
        ("THROUGHLINE_MAX_REQUEST_BYTES", "100"),
    ]);
    assert_eq!(
        (config.max_queue_bytes, config.max_request_bytes),
        (1_000, 100),
        "bounds in bytes"
    );
    assert_eq!(
        config.propagators,
        [Propagator::B3, Propagator::TraceContext],
        "propagators"
    );
    assert_eq!(
        config.attribute_value_length_limit,
        Some(50),
        "the limit for spans wins"
    );
    assert_eq!(
        config.startup_hook,
        Some(StartupHook::Name("mine".into())),
        "hook"
    );
    assert_eq!(config.service_name.as_deref(), Some("shop"), "service name");
    assert_eq!(
        config.exporters_of(Signal::Metrics),
        Exporter::None,
        "metrics exporter"
    );
    assert_eq!(
        (config.parent_based, config.sampling_rate),
        (true, 0.25),
        "sampler"
    );
    assert_eq!(config.tokenizer_target_model.as_deref(), Some("gpt-4o"), "model");
    let targets = Signal::ALL.map(|signal| OtlpTarget::new(&config, signal).expect("a target"));
    let targets = targets.map(|target| (target.protocol, target.url));
    assert_eq!(
        targets,
        [
            (
                Protocol::HttpProtobuf,
                "https://collector/otel/v1/traces".to_owned()
            ),
            (
                Protocol::HttpProtobuf,
                "https://collector/otel/v1/logs".to_owned()
            ),
            (Protocol::Grpc, "http://metrics:4317".to_owned()),
        ],
        "targets"
    );
}

#[test]
fn a_signal_has_its_own_compression_and_certificates() {
    let config = vars(&[
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "none"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "all.pem"),
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "client.pem"),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "client.key"),
        ("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "traces.pem"),
        ("OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE", "metrics.pem"),
        ("OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY", "metrics.key"),
    ]);
    let tls = |root: &str, name: &str| {
        TlsConfig::default()
            .with_certificate(root)
            .with_identity(format!("{name}.pem"), format!("{name}.key"))
    };
    let targets = Signal::ALL.map(|signal| OtlpTarget::new(&config, signal).expect("a target"));
    let targets = targets.map(|target| (target.compression, target.tls));
    let expected = [
        (Compression::Gzip, tls("traces.pem", "client")),
        (Compression::None, tls("all.pem", "client")),
        (Compression::Gzip, tls("all.pem", "metrics")),
    ];
    assert_eq!(targets, expected, "traces, logs, metrics");
}

#[test]
fn samplers() {
    for (name, argument, parent_based, rate) in [
        ("always_on", "0.5", false, 1.0),
        ("always_off", "", false, 0.0),
        ("traceidratio", "0.5", false, 0.5),
        ("traceidratio", "", false, 1.0),
        ("parentbased_always_on", "", true, 1.0),
        ("parentbased_always_off", "", true, 0.0),
        ("parentbased_traceidratio", "0", true, 0.0),
    ] {
        let config = vars(&[
            ("OTEL_TRACES_SAMPLER", name),
            ("OTEL_TRACES_SAMPLER_ARG", argument),
        ]);
        assert_eq!(
            (config.parent_based, config.sampling_rate),
            (parent_based, rate),
            "{name} {argument}"
        );
    }
}

#[test]
fn the_resource() {
    let config = TelemetryConfig::from_toml_str(
        "service_name = 'file'\nservice_version = '1'\n[resource_attributes]\na = 'file'\n'b.c' = 2",
    );
    let set = [(
        "OTEL_RESOURCE_ATTRIBUTES",
        "service.version=9, a=x%2Cy,service.name=other,",
    )];
    let config = config
        .expect("accepted")
        .overlay(&variables_of(&set))
        .expect("accepted");
    let found = (config.service_name.as_deref(), config.service_version.as_deref());
    assert_eq!(found, (Some("other"), Some("9")), "a variable wins over the file");
    let others: Vec<_> = config.resource_attributes.iter().collect();
    assert_eq!(
        others
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect::<Vec<_>>(),
        [("a", "x,y"), ("b.c", "2")],
        "decoded, and the file's beside it"
    );
    let config = vars(&[
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other"),
        ("OTEL_SERVICE_NAME", "shop"),
    ]);
    assert_eq!(config.service_name.as_deref(), Some("shop"), "its own variable");
    let config = config
        .with_resource_attribute("service.name", "code")
        .with_resource_attribute("x", "1");
    assert_eq!(config.service_name.as_deref(), Some("code"), "code wins");
    let resource = crate::resource::resource(&config, None);
    assert_eq!(
        resource
            .get(&"x".into())
            .map(|value| value.to_string())
            .as_deref(),
        Some("1"),
        "in the resource"
    );
}
