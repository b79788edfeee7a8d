//! Every refusal, word for word.

use std::error::Error;

use crate::config::{TelemetryConfig, TlsConfig};

#[test]
fn refusals_from_the_environment() {
    const NAMES: &str = r#"use one of "console", "console-json", "file", "otlp", "jaeger" (which is otlp), "prometheus" (metrics only) or "none""#;
    const URL: &str = "use a URL such as http://127.0.0.1:4317 (gRPC) or http://127.0.0.1:4318 (HTTP)";
    const RATE: &str = "use a number from 0.0 to 1.0";
    for (name, value, accepted) in [
        ("OTEL_TRACES_EXPORTER", "zipkin", NAMES),
        ("OTEL_METRICS_EXPORTER", "statsd", NAMES),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4317", URL),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://c", URL),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://", URL),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://:4317", URL),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:port", URL),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:70000", URL),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:0", URL),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c/a b", URL),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c?REDACTED", URL),
        (
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "http/xml",
            r#"use "grpc", "http/protobuf" or "http/json""#,
        ),
        (
            "OTEL_EXPORTER_OTLP_COMPRESSION",
            "zstd",
            r#"use "gzip" or "none""#,
        ),
        (
            "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION",
            "br",
            r#"use "gzip" or "none""#,
        ),
        (
            "OTEL_PROPAGATORS",
            "tracecontext,zipkin",
            r#"use "tracecontext", "baggage", "b3", "b3multi", "jaeger" and "xray", with commas between them, or "none""#,
        ),
        (
            "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
            "-1",
            "use a whole number of characters",
        ),
        ("OTEL_BSP_SCHEDULE_DELAY", "5s", "use a whole number from 1"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0", "use a whole number from 1"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "-1", "use a whole number from 1"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1.5", "use a whole number from 1"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "no", "use a whole number from 0"),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "a=1,b",
            "use name=value, with commas between them; a comma in a value is %2C",
        ),
        ("OTEL_SDK_DISABLED", "1", "use true or false"),
        ("THROUGHLINE_ENABLED", "yes", "use true or false"),
        (
            "OTEL_TRACES_SAMPLER",
            "xray",
            r#"use "always_on", "always_off", "traceidratio", or one of them after "parentbased_""#,
        ),
    ] {
        let error = TelemetryConfig::from_vars([(name, value)]).expect_err(value);
        let expected = format!("in the environment, {name} = {value:?} is not accepted: {accepted}");
        assert_eq!(error.to_string(), expected, "the message");
        assert!(error.is_configuration() && error.source().is_none(), "{name}");
    }
    for value in ["1.5", "-0.1", "NaN", "half"] {
        let vars = [
            ("OTEL_TRACES_SAMPLER", "traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", value),
        ];
        let error = TelemetryConfig::from_vars(vars).expect_err(value);
        let expected =
            format!("in the environment, OTEL_TRACES_SAMPLER_ARG = {value:?} is not accepted: {RATE}");
        assert_eq!(error.to_string(), expected, "the message");
    }
    let secret = [("OTEL_EXPORTER_OTLP_ENDPOINT", "https://me:secret@collector:4317")];
    let error = TelemetryConfig::from_vars(secret).expect_err("credentials");
    let expected = format!(
        "in the environment, OTEL_EXPORTER_OTLP_ENDPOINT = \"https://REDACTED@collector:4317\" is not accepted: {URL}"
    );
    assert_eq!(error.to_string(), expected, "a password is not repeated");
    let error =
        TelemetryConfig::from_vars([("OTEL_EXPORTER_OTLP_HEADERS", "Bearer secret")]).expect_err("no name");
    let expected = "in the environment, OTEL_EXPORTER_OTLP_HEADERS = \"REDACTED\" is not accepted: use name=value, with \
                    commas between them; a comma in a value is %2C";
    assert_eq!(error.to_string(), expected, "nor a key");
}

#[test]
fn refusals_from_a_file() {
    let known = "tracing.enabled, tracing.exporter, tracing.endpoint, tracing.tokenizer_target_model, enable_tracing, \
                 service_name, exporter, otlp_endpoint, sampling_rate, random_sampling, protocol, compression, propagators, \
                 attribute_value_length_limit, service_version, startup_hook, file.path, \
                 file.max_bytes, file.max_files, metrics_exporter, logs_exporter, prometheus.listen, \
                 tail.errors, tail.slower_than_ms, tail.max_spans, tls.certificate, tls.client_certificate, tls.client_key, \
                 sampling_rules.ROUTE, resource_attributes.KEY";
    for (text, expected) in [
        ("[]", "the configuration is not a JSON object".to_owned()),
        (
            r#"{"tracing.enable": true}"#,
            format!("the key \"tracing.enable\" is not known: use {known}"),
        ),
        (
            r#"{"tracing": {"x": {"y": 1}}}"#,
            format!("the key \"tracing.x.y\" is not known: use {known}"),
        ),
        (
            r#"{"tracing.enabled": 1}"#,
            r#"tracing.enabled = "1" is not accepted: use true or false"#.to_owned(),
        ),
        (
            r#"{"sampling_rate": 2}"#,
            r#"sampling_rate = "2" is not accepted: use a number from 0.0 to 1.0"#.to_owned(),
        ),
        (
            r#"{"random_sampling": 101}"#,
            r#"random_sampling = "101" is not accepted: use a number from 0 to 100"#.to_owned(),
        ),
        (
            r#"{"exporter": "otlp", "tracing": {"exporter": "console"}}"#,
            "exporter and tracing.exporter say the same: keep one of them".to_owned(),
        ),
        (
            r#"{"random_sampling": 10, "sampling_rate": 0.1}"#,
            "random_sampling and sampling_rate say the same: keep one of them".to_owned(),
        ),
        (
            r#"{"service_name": ""}"#,
            r#"service_name = "" is not accepted: use a name that is not empty"#.to_owned(),
        ),
        (
            r#"{"tracing.tokenizer_target_model": " "}"#,
            r#"tracing.tokenizer_target_model = " " is not accepted: use a name that is not empty"#
                .to_owned(),
        ),
        (
            r#"{"exporter": null}"#,
            r#"exporter = "null" is not accepted: use one of "console", "console-json", "file", "otlp", "jaeger" (which is otlp), "prometheus" (metrics only) or "none""#
                .to_owned(),
        ),
    ] {
        let error = TelemetryConfig::from_json_str(text).expect_err(text);
        assert_eq!(
            error.to_string(),
            format!("in the configuration text, {expected}"),
            "{text}"
        );
    }
}

#[test]
fn refusals_from_code() {
    for rate in [f64::NAN, -0.1, 1.1, f64::INFINITY] {
        let error = TelemetryConfig::default()
            .with_sampling_rate(rate)
            .check()
            .expect_err("a bad rate");
        let expected = format!("sampling_rate = \"{rate}\" is not accepted: use a number from 0.0 to 1.0");
        assert_eq!(error.to_string(), expected, "{rate}");
    }
    let error = TelemetryConfig::default()
        .with_sampling_rule("/a", 2.0)
        .check()
        .expect_err("a bad rate");
    let expected = "sampling_rules./a = \"2\" is not accepted: use a number from 0.0 to 1.0";
    assert_eq!(error.to_string(), expected, "rule");
    let tls = TlsConfig::default().with_identity("/nowhere/cert.pem", "/nowhere/key.pem");
    let error = TelemetryConfig::default()
        .with_tls(tls)
        .check()
        .expect_err("no such file");
    assert_eq!(
        error.to_string(),
        "tls.client_certificate (OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE) /nowhere/cert.pem cannot be read",
        "certificate"
    );
    let half = TelemetryConfig::from_vars([("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/nowhere/key.pem")])
        .expect("accepted");
    let expected = "tls.client_certificate (OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE) and tls.client_key \
                    (OTEL_EXPORTER_OTLP_CLIENT_KEY) are given together or not at all";
    assert_eq!(
        half.check().expect_err("half an identity").to_string(),
        expected,
        "key"
    );
    let error = TelemetryConfig::default()
        .with_endpoint("collector")
        .check()
        .expect_err("a bad URL");
    let expected = "endpoint = \"collector\" is not accepted: use a URL such as http://127.0.0.1:4317 (gRPC) or \
                    http://127.0.0.1:4318 (HTTP)";
    assert_eq!(error.to_string(), expected, "endpoint");
    assert_eq!(format!("{error:?}"), expected, "what main prints");
    let error = TelemetryConfig::from_json_file("/nowhere/t.json").expect_err("no such file");
    let expected =
        "the configuration file /nowhere/t.json cannot be read: No such file or directory (os error 2)";
    assert_eq!(
        (format!("{error:?}"), format!("{error:#}")),
        (expected.into(), expected.into()),
        "with its cause"
    );
    let error = TelemetryConfig::from_vars([("OTEL_TRACES_EXPORTER", "prometheus")]).expect("accepted");
    let expected = "the exporter of traces (tracing.exporter, OTEL_TRACES_EXPORTER) = \"prometheus\" is not accepted: use one \
                    that takes traces, and Prometheus for metrics alone (metrics_exporter, OTEL_METRICS_EXPORTER)";
    assert_eq!(
        error.check().expect_err("no traces there").to_string(),
        expected,
        "both spellings"
    );
}
