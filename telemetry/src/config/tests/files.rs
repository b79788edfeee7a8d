//! Files in all spellings, and the precedence of sources.

use std::error::Error;
use std::time::Duration;

use crate::config::tests::variables_of;
use crate::config::{Exporter, FileConfig, Propagator, TailRule, TelemetryConfig};
use crate::signal::Signal;

#[test]
fn all_spellings_of_a_file_are_read() {
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
        .with_exporter(Exporter::Jaeger)
        .with_endpoint("http://localhost:4317")
        .with_sampling_rate(0.1)
        .with_service_name("tinyllm");
    assert_eq!(
        TelemetryConfig::from_json_str(tiny_llm).expect("accepted"),
        expected,
        "TinyLLM"
    );
    let bytes = r#"{"max_queue_bytes": 1000, "max_request_bytes": 100}"#;
    let expected = TelemetryConfig::default()
        .with_max_queue_bytes(1_000)
        .with_max_request_bytes(100);
    assert_eq!(
        TelemetryConfig::from_json_str(bytes).expect("accepted"),
        expected,
        "bounds in bytes"
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
fn toml_is_equivalent_to_json() {
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
        "the configuration file /nowhere/t.toml cannot be read",
        "by its name"
    );
}

#[test]
fn environment_overrides_file_and_code_overrides_both() {
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
        format!("the configuration file {path_text} cannot be read"),
        "missing"
    );
    assert!(error.source().is_some() && error.is_configuration(), "its cause");
}

#[test]
fn list_of_propagators_is_read() {
    for text in [
        r#"{"propagators": ["b3", "baggage"]}"#,
        r#"{"propagators": "b3,baggage"}"#,
    ] {
        let config = TelemetryConfig::from_json_str(text).expect("accepted");
        assert_eq!(
            config.propagators,
            [Propagator::B3, Propagator::Baggage],
            "{text}"
        );
    }
}

/// Features of serde_json decide whether tables are sorted, so `/api/*` used to hide `/api/pay`.
#[test]
fn most_specific_sampling_rule_of_a_file_applies() {
    let text = r#"{"sampling_rules": {"/api/*": 0, "/a*": 1, "/api/pay": 1, "/api/pay/*": 0.5, "/zoo": 0}}"#;
    let config = TelemetryConfig::from_json_str(text).expect("accepted");
    let routes: Vec<&str> = config.sampling_rules.iter().map(|rule| &*rule.route).collect();
    assert_eq!(
        routes,
        ["/api/pay", "/zoo", "/api/pay/*", "/api/*", "/a*"],
        "in this order"
    );
}

/// With TaskWeaver's keys, the console used to be the exporter, and an endpoint had no effect.
#[test]
fn taskweavers_keys_mean_what_they_mean_there() {
    for (text, enabled, exporter) in [
        (r#"{"tracing.enabled": true}"#, true, Exporter::Otlp),
        (r#"{"tracing": {"enabled": true}}"#, true, Exporter::Otlp),
        (
            r#"{"tracing.enabled": true, "tracing.endpoint": "http://c:4317"}"#,
            true,
            Exporter::Otlp,
        ),
        (
            r#"{"tracing.enabled": true, "tracing.exporter": "console", "tracing.endpoint": "http://c:4317"}"#,
            true,
            Exporter::Console,
        ),
        (r#"{"enable_tracing": true}"#, true, Exporter::Console),
        (
            r#"{"enable_tracing": true, "otlp_endpoint": "http://c:4317"}"#,
            true,
            Exporter::Otlp,
        ),
        (
            r#"{"enable_tracing": true, "otlp_endpoint": null}"#,
            true,
            Exporter::Console,
        ),
        (
            r#"{"tracing.enabled": null, "exporter": null}"#,
            false,
            Exporter::Console,
        ),
        (r#"{"tracing.random_sampling": 100}"#, true, Exporter::Otlp),
        (r#"{"tracing.random_sampling": 0}"#, false, Exporter::Console),
        (
            r#"{"tracing.random_sampling": 100, "tracing.enabled": false}"#,
            false,
            Exporter::Otlp,
        ),
        (r#"{"random_sampling": 100}"#, false, Exporter::Console),
        (r#"{"startup_hook": "mine"}"#, true, Exporter::None),
        (
            r#"{"startup_hook": "mine", "exporter": "console"}"#,
            true,
            Exporter::Console,
        ),
        (
            r#"{"startup_hook": "mine", "enable_tracing": false}"#,
            false,
            Exporter::Console,
        ),
    ] {
        let config = TelemetryConfig::from_json_str(text).expect(text);
        assert_eq!(config.enabled, enabled, "{text}");
        assert_eq!(config.exporter, exporter, "{text}");
    }
}

/// A whole project file of TaskWeaver used to be refused.
#[test]
fn the_other_keys_of_a_project_file_are_left_alone() {
    let project = "\u{feff}{
        \"llm.api_base\": \"https://api.openai.com/v1\",
        \"llm.api_key\": \"SECRET\",
        \"llm.model\": \"gpt-4-1106-preview\",
        \"code_interpreter.use_local_uri\": true,
        \"session\": {\"max_internal_chat_round_num\": 10},
        \"tracing.enabled\": true,
        \"tracing.exporter\": [\"otlp\", \"console\"],
        \"tracing.service_name\": \"weaver\",
        \"tracing.random_sampling\": 50,
        \"tracing.tokenizer_target_model\": \"text-davinci-003\"
    }";
    let config = TelemetryConfig::from_json_str(project).expect("accepted");
    let expected = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter([Exporter::Console, Exporter::Otlp])
        .with_service_name("weaver")
        .with_sampling_rate(0.5)
        .with_tokenizer_target_model("text-davinci-003");
    assert_eq!(config, expected, "TaskWeaver");

    let arch = "
version: v0.1.0
listeners:
  - type: model
    name: egress
    port: 12000
    tracing:
      random_sampling: 25
  - type: prompt
    tracing: {random_sampling: 25}
model_providers:
  - model: openai/gpt-4o
    access_key: $OPENAI_API_KEY
";
    let listener = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::Otlp)
        .with_sampling_rate(0.25);
    let read = TelemetryConfig::from_yaml_str(arch).expect("accepted");
    assert_eq!(read, listener, "Arch's listeners");
    let section = "listeners: []\ntracing:\n  random_sampling: 25\nprompt_targets: []";
    let read = TelemetryConfig::from_yaml_str(section).expect("accepted");
    assert_eq!(read, listener, "Arch's tracing section");
    // Before version 0.4 of Arch, listeners were a map. Such a file was refused.
    for map in [
        "version: v0.1.0\nlisteners:\n  egress_traffic: {port: 12000}\nllm_providers: []\ntracing: {random_sampling: 25}",
        "listeners: {egress_traffic: {port: 12000, tracing: {random_sampling: 25}}}",
    ] {
        let read = TelemetryConfig::from_yaml_str(map).expect("accepted");
        assert_eq!(read, listener, "{map}");
    }
    let error = TelemetryConfig::from_yaml_str("listeners: {egress: {tracing: {random_sampling: 250}}}");
    let error = error.expect_err("out of range").to_string();
    let expected = "in the configuration text, listeners.egress.tracing.random_sampling = \"250\" is not accepted: use a \
                    number from 0 to 100";
    assert_eq!(error, expected, "the place");
    let error = TelemetryConfig::from_yaml_str("tracing: {random_sampling: 25}\nmodel_providers: []");
    let error = error.expect_err("nothing shows that it is Arch's").to_string();
    let expected = "in the configuration text, the key \"model_providers\" is unknown: use tracing.enabled, ";
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn yaml_is_equivalent_to_json() {
    let yaml = "
# a comment
service_name: shop
service_version: 1.10
tracing: {enabled: true, exporter: [otlp, console], endpoint: ~}
sampling_rules:
  /health: 0
";
    let expected = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter([Exporter::Console, Exporter::Otlp])
        .with_service_name("shop")
        .with_service_version("1.10")
        .with_sampling_rule("/health", 0.0);
    assert_eq!(
        TelemetryConfig::from_yaml_str(yaml).expect("accepted"),
        expected,
        "YAML"
    );
    let folder = std::env::temp_dir().join(format!("throughline-yaml-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    for name in ["t.yaml", "t.yml"] {
        let path = folder.join(name).to_string_lossy().into_owned();
        std::fs::write(&path, yaml).expect("written");
        let config = TelemetryConfig::from_vars([("THROUGHLINE_CONFIG", &path)]).expect("accepted");
        assert_eq!(config, expected, "{name}");
    }
    std::fs::remove_dir_all(&folder).expect("removed");
    for (text, expected) in [
        (
            "a: [1",
            "in the configuration text, the configuration is not YAML: while parsing",
        ),
        (
            "exporter: otlp\nexporter: console",
            "in the configuration text, the configuration is not YAML: there are two values of the key \"exporter\" \
             at line 2 column 1",
        ),
    ] {
        let error = TelemetryConfig::from_yaml_str(text).expect_err(text);
        let error = format!("{error:#}");
        assert!(error.starts_with(expected), "{error}");
    }
    let error = TelemetryConfig::from_json_str(r#"{"exporter": "otlp", "exporter": "console"}"#);
    let error = format!("{:#}", error.expect_err("JSON too"));
    let expected = "in the configuration text, the configuration is not a JSON object: there are two values of the key \
                    \"exporter\" at line 1 column 31";
    assert_eq!(error, expected, "a key twice");
}

#[test]
fn the_declarative_configuration_replaces_the_variables() {
    let folder = std::env::temp_dir().join(format!("throughline-declared-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("otel.yaml").to_string_lossy().into_owned();
    let text = "
file_format: '1.1'
resource: {attributes: [{name: service.name, value: '${SERVICE:-declared}'}]}
tracer_provider:
  processors: [{simple: {exporter: {console: }}}]
";
    std::fs::write(&path, text).expect("written");
    let set = [
        ("OTEL_CONFIG_FILE", path.as_str()),
        ("OTEL_TRACES_EXPORTER", "otlp"),
        ("OTEL_SERVICE_NAME", "variable"),
        ("THROUGHLINE_CONFIG", "/nowhere/t.json"),
    ];
    let config = TelemetryConfig::from_vars(set).expect("accepted");
    let again = config.clone().overlay(&variables_of(&set)).expect("accepted");
    for config in [config, again] {
        assert!(config.enabled, "on");
        assert_eq!(config.service_name.as_deref(), Some("declared"), "the file");
        assert_eq!(config.exporters_of(Signal::Traces), Exporter::Console, "the file");
        assert_eq!(config.exporters_of(Signal::Metrics), Exporter::None, "the file");
        let ignored = config.ignored_variables().iter().map(ToString::to_string);
        let expected = format!(
            "THROUGHLINE_CONFIG = \"/nowhere/t.json\" is ignored: OTEL_CONFIG_FILE is set; instead: {path}"
        );
        assert_eq!(ignored.collect::<Vec<_>>(), [expected], "the warning");
    }
    std::fs::remove_dir_all(&folder).expect("removed");
    let error = TelemetryConfig::from_vars(set).expect_err("no file").to_string();
    assert_eq!(
        error,
        format!("the configuration file {path} cannot be read"),
        "missing"
    );
}
