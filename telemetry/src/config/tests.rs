//! Every source of configuration, and every refusal word for word.

use std::error::Error;
use std::time::Duration;

use super::{Compression, Exporter, FileConfig, Propagator, Protocol, TailRule, TelemetryConfig, TlsConfig};
use crate::hook::Hook;
use crate::signal::Signal;
use crate::target::Target;

fn vars(vars: &[(&str, &str)]) -> TelemetryConfig {
    TelemetryConfig::from_vars(vars.iter().copied()).expect("accepted")
}

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
fn which_variables_turn_it_on() {
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
            (config.enabled, config.exporter_of(Signal::Traces)),
            (enabled, exporter),
            "{set:?}"
        );
    }
}

#[test]
fn a_signal_without_a_variable_goes_where_the_specification_says() {
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
            config.exporter_of(Signal::Traces),
            config.exporter_of(Signal::Metrics),
        );
        assert_eq!(exporters, (traces, metrics), "{set:?}");
    }
    let mine = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::Console);
    let mine = mine
        .with_vars([("OTEL_METRICS_EXPORTER".to_owned(), "none".to_owned())])
        .expect("accepted");
    assert_eq!(
        mine.exporter_of(Signal::Traces),
        Exporter::Console,
        "what was chosen in code stays"
    );
}

#[test]
fn where_prometheus_listens() {
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
    ]);
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
    assert_eq!(config.startup_hook, Some(Hook::Name("mine".into())), "hook");
    assert_eq!(config.service_name.as_deref(), Some("shop"), "service name");
    assert_eq!(
        config.exporter_of(Signal::Metrics),
        Exporter::None,
        "metrics exporter"
    );
    assert_eq!(
        (config.parent_based, config.sampling_rate),
        (true, 0.25),
        "sampler"
    );
    assert_eq!(config.tokenizer_target_model, "gpt-4o", "model");
    let targets = Signal::ALL.map(|signal| Target::new(&config, signal).expect("a target"));
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
    let targets = Signal::ALL.map(|signal| Target::new(&config, signal).expect("a target"));
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
fn a_file_in_any_of_its_spellings() {
    let task_weaver = r#"{
        "tracing.enabled": true,
        "tracing.exporter": "otlp",
        "tracing.endpoint": "http://127.0.0.1:4318/v1/traces",
        "tracing.tokenizer_target_model": "gpt-4o",
        "service_name": "taskweaver.otlp.tracer"
    }"#;
    let nested = r#"{
        "tracing": {"enabled": true, "exporter": "otlp", "endpoint": "http://127.0.0.1:4318/v1/traces", "tokenizer_target_model": "gpt-4o"},
        "service_name": "taskweaver.otlp.tracer"
    }"#;
    let tiny_llm = r#"{"enable_tracing": true, "service_name": "tinyllm", "exporter": "jaeger",
        "otlp_endpoint": "http://localhost:4317", "sampling_rate": 0.1}"#;
    let expected = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::Otlp)
        .with_endpoint("http://127.0.0.1:4318/v1/traces")
        .with_tokenizer_target_model("gpt-4o")
        .with_service_name("taskweaver.otlp.tracer");
    for text in [task_weaver, nested] {
        assert_eq!(
            TelemetryConfig::from_json_str(text).expect("accepted"),
            expected,
            "{text}"
        );
    }
    let expected = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::Otlp)
        .with_endpoint("http://localhost:4317")
        .with_sampling_rate(0.1)
        .with_service_name("tinyllm");
    assert_eq!(
        TelemetryConfig::from_json_str(tiny_llm).expect("accepted"),
        expected,
        "TinyLLM"
    );
    let file = r#"{"file": {"path": "spans_{pid}.json", "max_bytes": 10, "max_files": 2}}"#;
    let file = TelemetryConfig::from_json_str(file).expect("accepted").file;
    let expected = FileConfig::default()
        .with_path("spans_{pid}.json")
        .with_max_bytes(10)
        .with_max_files(2);
    assert_eq!(file, expected, "file");
    let rules =
        r#"{"sampling_rules": {"/a": 0, "/b/*": 0.5}, "tail": {"slower_than_ms": 250, "errors": false}}"#;
    let rules = TelemetryConfig::from_json_str(rules).expect("accepted");
    let tail = TailRule::default()
        .with_errors(false)
        .with_slower_than(Duration::from_millis(250));
    let expected = TelemetryConfig::default()
        .with_sampling_rule("/a", 0.0)
        .with_sampling_rule("/b/*", 0.5);
    assert_eq!(rules, expected.with_tail(tail), "rules");
    let arch = TelemetryConfig::from_json_str(r#"{"random_sampling": 25}"#).expect("accepted");
    assert_eq!(arch.sampling_rate, 0.25, "Arch");
}

#[test]
fn toml_means_the_same_as_json() {
    let toml = "service_name = 'shop'\nsampling_rate = 0.5\n[tracing]\nenabled = true\nexporter = 'otlp'";
    let json =
        r#"{"service_name": "shop", "sampling_rate": 0.5, "tracing": {"enabled": true, "exporter": "otlp"}}"#;
    let toml = TelemetryConfig::from_toml_str(toml).expect("accepted");
    assert_eq!(
        toml,
        TelemetryConfig::from_json_str(json).expect("accepted"),
        "the same"
    );
    let error = TelemetryConfig::from_toml_str("x =").expect_err("half a line");
    assert_eq!(
        error.to_string(),
        "in the configuration text, the configuration is not a TOML table",
        "syntax"
    );
    let error = TelemetryConfig::from_vars([("THROUGHLINE_CONFIG", "/nowhere/t.toml")]).expect_err("no file");
    assert_eq!(
        error.to_string(),
        "the file /nowhere/t.toml cannot be read",
        "by its name"
    );
}

#[test]
fn the_environment_wins_over_the_file_and_code_over_both() {
    let folder = std::env::temp_dir().join(format!("throughline-config-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("telemetry.json");
    std::fs::write(
        &path,
        r#"{"tracing.enabled": true, "service_name": "file", "sampling_rate": 0.5}"#,
    )
    .expect("written");
    let path_text = path.to_string_lossy().into_owned();
    let config = TelemetryConfig::from_vars([
        ("THROUGHLINE_CONFIG", path_text.as_str()),
        ("OTEL_SERVICE_NAME", "env"),
    ]);
    let config = config.expect("accepted").with_sampling_rate(0.75);
    assert_eq!(
        (
            config.enabled,
            config.service_name.as_deref(),
            config.sampling_rate
        ),
        (true, Some("env"), 0.75),
        "all"
    );

    std::fs::write(&path, "{").expect("written");
    let error = TelemetryConfig::from_json_file(&path).expect_err("half an object");
    assert_eq!(
        error.to_string(),
        format!("in {path_text}, the configuration is not a JSON object"),
        "syntax"
    );
    assert_eq!(
        error.source().expect("a cause").to_string(),
        "EOF while parsing an object at line 1 column 1",
        "its cause"
    );
    std::fs::remove_dir_all(&folder).expect("removed");
    let error = TelemetryConfig::from_json_file(&path).expect_err("no file");
    assert_eq!(
        error.to_string(),
        format!("the file {path_text} cannot be read"),
        "missing"
    );
    assert!(error.source().is_some() && error.is_configuration(), "its cause");
}

#[test]
fn refusals_from_the_environment() {
    const NAMES: &str = r#"use "console", "console-json", "file", "otlp", "jaeger" (which is otlp), "prometheus" (metrics only) or "none""#;
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
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c?key=1", URL),
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
}

#[test]
fn refusals_from_a_file() {
    let known = "tracing.enabled, tracing.exporter, tracing.endpoint, tracing.tokenizer_target_model, enable_tracing, \
                 service_name, exporter, otlp_endpoint, sampling_rate, random_sampling, protocol, compression, propagators, \
                 attribute_value_length_limit, service_version, startup_hook, file.path, \
                 file.max_bytes, file.max_files, metrics_exporter, logs_exporter, prometheus.listen, \
                 tail.errors, tail.slower_than_ms, tail.max_spans, tls.certificate, tls.client_certificate, tls.client_key, \
                 sampling_rules.ROUTE";
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
            r#"exporter = "null" is not accepted: use "console", "console-json", "file", "otlp", "jaeger" (which is otlp), "prometheus" (metrics only) or "none""#
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
        "the file /nowhere/cert.pem cannot be read",
        "certificate"
    );
    let half = TelemetryConfig::from_vars([("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/nowhere/key.pem")])
        .expect("accepted");
    let expected = "a client's certificate and its key are given together or not at all";
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
    assert_eq!(
        format!("{error:?}"),
        format!("InitError({expected:?})"),
        "what main prints"
    );
}

#[test]
fn protocol_and_url_of_each_signal() {
    let config = TelemetryConfig::default();
    for (config, protocol, traces, metrics) in [
        (
            config.clone(),
            Protocol::Grpc,
            "http://127.0.0.1:4317",
            "http://127.0.0.1:4317",
        ),
        (
            config.clone().with_protocol(Protocol::HttpProtobuf),
            Protocol::HttpProtobuf,
            "http://127.0.0.1:4318/v1/traces",
            "http://127.0.0.1:4318/v1/metrics",
        ),
        (
            config.clone().with_endpoint("http://c:4317/"),
            Protocol::Grpc,
            "http://c:4317",
            "http://c:4317",
        ),
        (
            config.clone().with_endpoint("http://c"),
            Protocol::Grpc,
            "http://c",
            "http://c",
        ),
        (
            config.clone().with_endpoint("http://[::1]:4317"),
            Protocol::Grpc,
            "http://[::1]:4317",
            "http://[::1]:4317",
        ),
        (
            config.clone().with_endpoint("http://[::1]"),
            Protocol::Grpc,
            "http://[::1]",
            "http://[::1]",
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
        let targets =
            [Signal::Traces, Signal::Metrics].map(|signal| Target::new(&config, signal).expect("a target"));
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
