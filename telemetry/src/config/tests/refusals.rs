//! The exact messages of all configuration errors.

use std::error::Error;

use throughline_tokens::TargetModel;

use crate::config::{Exporter, TelemetryConfig, TlsConfig};
use crate::error::InitError;

/// Returns the error of these variables in strict mode.
fn refusal(vars: &[(&str, &str)]) -> InitError {
    let strict = [("THROUGHLINE_STRICT", "true")];
    let vars = strict.iter().chain(vars).copied();
    TelemetryConfig::from_vars(vars).expect_err("a bad value")
}

#[test]
fn errors_of_the_environment_in_strict_mode() {
    const NAMES: &str = r#"use "console", "console-json", "file", "viewer", "otlp", "jaeger" (traces only) and "prometheus" (metrics only), with commas between them, or "none""#;
    const URL: &str = "use a URL such as http://127.0.0.1:4317 (gRPC) or http://127.0.0.1:4318 (HTTP)";
    const RATE: &str = "use a number from 0.0 to 1.0";
    const MILLIS: &str = "use a whole number of milliseconds from 1 to 2147483647";
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
            "zipkin",
            r#"use "tracecontext", "baggage", "b3", "b3multi", "jaeger" and "xray", with commas between them, or "none""#,
        ),
        (
            "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
            "-1",
            "use a whole number of characters from 0 to 2147483647",
        ),
        ("OTEL_BSP_SCHEDULE_DELAY", "5s", MILLIS),
        (
            "OTEL_BSP_MAX_QUEUE_SIZE",
            "0",
            "use a whole number from 1 to 1000000",
        ),
        ("OTEL_METRIC_EXPORT_INTERVAL", "-1", MILLIS),
        (
            "OTEL_EXPORTER_OTLP_TIMEOUT",
            "1.5",
            "use a whole number of milliseconds from 0 (no limit) to 2147483647",
        ),
        (
            "OTEL_SPAN_EVENT_COUNT_LIMIT",
            "no",
            "use a whole number from 0 to 2147483647",
        ),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "a=1,b",
            "use a comma-separated list of name=value; write a comma in a value as %2C",
        ),
        ("OTEL_SDK_DISABLED", "1", "use true or false"),
        ("THROUGHLINE_ENABLED", "yes", "use true or false"),
        (
            "OTEL_TRACES_SAMPLER",
            "xray",
            r#"use "always_on", "always_off", "traceidratio", or one of them after "parentbased_""#,
        ),
    ] {
        let error = refusal(&[(name, value)]);
        let expected = format!("in the environment, {name} = {value:?} is not accepted: {accepted}");
        assert_eq!(error.to_string(), expected, "the message");
        assert!(error.is_configuration() && error.source().is_none(), "{name}");
    }
    for value in ["1.5", "-0.1", "NaN", "half"] {
        let vars = [
            ("OTEL_TRACES_SAMPLER", "traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", value),
        ];
        let error = refusal(&vars);
        let expected =
            format!("in the environment, OTEL_TRACES_SAMPLER_ARG = {value:?} is not accepted: {RATE}");
        assert_eq!(error.to_string(), expected, "the message");
    }
    let secret = [(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "https://me:secret@collector:4317?key=secret",
    )];
    let error = refusal(&secret);
    let expected = format!(
        "in the environment, OTEL_EXPORTER_OTLP_ENDPOINT = \"https://REDACTED@collector:4317?REDACTED\" is not accepted: {URL}"
    );
    assert_eq!(error.to_string(), expected, "a password is not repeated");
    let error = refusal(&[("OTEL_EXPORTER_OTLP_HEADERS", "Bearer secret")]);
    let expected = "in the environment, OTEL_EXPORTER_OTLP_HEADERS = \"REDACTED\" is not accepted: use a \
                    comma-separated list of name=value; write a comma in a value as %2C";
    assert_eq!(error.to_string(), expected, "nor a key");
}

#[test]
fn refusals_from_a_file() {
    let names = "tracing.enabled, tracing.exporter, tracing.endpoint, tracing.tokenizer_target_model, \
                 tracing.service_name, tracing.random_sampling, enable_tracing, \
                 service_name, exporter, otlp_endpoint, sampling_rate, random_sampling, protocol, compression, propagators, \
                 attribute_value_length_limit, service_version, startup_hook, file.path, \
                 file.max_bytes, file.max_files, max_queue_bytes, max_request_bytes, self_metrics, metrics_exporter, logs_exporter, prometheus.listen, viewer.listen, \
                 tail.errors, tail.slower_than_ms, tail.max_spans, tls.certificate, tls.client_certificate, tls.client_key, \
                 sampling_rules.ROUTE, resource_attributes.KEY";
    for (text, expected) in [
        ("[]", "the configuration is not a JSON object".to_owned()),
        (
            r#"{"tracing.enable": true}"#,
            format!("the key \"tracing.enable\" is unknown (did you mean \"tracing.enabled\"?): use {names}"),
        ),
        (
            r#"{"tracing": {"x": {"y": 1}}}"#,
            format!("the key \"tracing.x\" is unknown: use {names}"),
        ),
        (
            r#"{"trasing": {}}"#,
            format!("the key \"trasing\" is unknown (did you mean \"tracing\"?): use {names}"),
        ),
        (
            r#"{"tracing.enabled": true, "exportr": "otlp"}"#,
            format!("the key \"exportr\" is unknown (did you mean \"exporter\"?): use {names}"),
        ),
        (
            r#"{"tracing.enabled": true, "tracing.exporters": "otlp"}"#,
            format!("the key \"tracing.exporters\" is unknown (did you mean \"tracing.exporter\"?): use {names}"),
        ),
        (
            r#"{"llm.model": "gpt-4", "tracing": {"enabled": true}}"#,
            format!("the key \"llm.model\" is unknown: use {names}"),
        ),
        (
            r#"{"listeners": [{"tracing": {"random_sampling": 1}}, {"tracing": {"random_sampling": 2}}]}"#,
            "listeners[0].tracing.random_sampling and listeners[1].tracing.random_sampling set the same value: keep \
             one of them"
                .to_owned(),
        ),
        (
            r#"{"listeners": [{"tracing": {"random_samplin": 1}}]}"#,
            format!("the key \"listeners[0].tracing.random_samplin\" is unknown: use {names}"),
        ),
        (
            r#"{"tracing.tokenizer_target_model": "gpt-99"}"#,
            format!(
                r#"tracing.tokenizer_target_model = "gpt-99" is not accepted: use {}"#,
                TargetModel::accepted()
            ),
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
            "exporter and tracing.exporter set the same value: keep one of them".to_owned(),
        ),
        (
            r#"{"tracing": {"enabled": true}, "tracing.enabled": false}"#,
            "there are two values of the key tracing.enabled: keep one of them".to_owned(),
        ),
        (
            r#"{"random_sampling": 10, "sampling_rate": 0.1}"#,
            "random_sampling and sampling_rate set the same value: keep one of them".to_owned(),
        ),
        (
            r#"{"service_name": ""}"#,
            r#"service_name = "" is not accepted: use a name that is not empty"#.to_owned(),
        ),
        (
            r#"{"tracing.tokenizer_target_model": " "}"#,
            format!(
                r#"tracing.tokenizer_target_model = " " is not accepted: use {}"#,
                TargetModel::accepted()
            ),
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
                    (OTEL_EXPORTER_OTLP_CLIENT_KEY) must be set together";
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
    let error = TelemetryConfig::default()
        .with_tokenizer_target_model("gpt-99")
        .check()
        .expect_err("no such model");
    let accepted = TargetModel::accepted();
    let expected = format!("tokenizer_target_model = \"gpt-99\" is not accepted: use {accepted}");
    assert_eq!(error.to_string(), expected, "model");
    let error = TelemetryConfig::default().with_exporter(Exporter::Prometheus);
    let expected = "the exporter of traces (tracing.exporter, OTEL_TRACES_EXPORTER) = \"prometheus\" is not accepted: use one \
                    that supports traces, and Prometheus for metrics only (metrics_exporter, OTEL_METRICS_EXPORTER)";
    assert_eq!(
        error.check().expect_err("no traces there").to_string(),
        expected,
        "both spellings"
    );
}
