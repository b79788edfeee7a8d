//! The declarative configuration: the published examples, and every rule about what is not accepted.

use std::fs;
use std::path::Path;
use std::time::Duration;

use opentelemetry::{Array, KeyValue, StringValue, Value};

use super::read;
use crate::config::sampling::{ParentSamplers, SamplerTree};
use crate::config::sdk::MetricTemporality;
use crate::config::variables::Variables;
use crate::config::{Compression, Exporter, Exporters, OtlpTarget, Propagator, Protocol, TelemetryConfig};
use crate::error::{ConfigSource, InitError};
use crate::log_level::LogLevel;
use crate::signal::Signal;

fn read_with(text: &str, variables: &[(&str, &str)]) -> Result<TelemetryConfig, InitError> {
    read(
        text,
        &Variables::new(variables.iter().copied()),
        ConfigSource::Text,
    )
}

fn declared(text: &str) -> TelemetryConfig {
    read_with(&format!("file_format: '1.1'\n{text}"), &[]).expect(text)
}

fn refused(text: &str) -> String {
    let error = read_with(text, &[]).expect_err(text);
    assert!(error.is_configuration(), "{text}");
    format!("{error:#}")
}

fn published(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/declarative");
    fs::read_to_string(path.join(name)).expect(name)
}

fn warnings(config: &TelemetryConfig) -> Vec<&str> {
    config
        .ignored_variables()
        .iter()
        .map(|it| &*it.variable)
        .collect()
}

#[test]
fn the_published_examples_are_read_without_a_warning() {
    for (name, compression) in [
        ("examples/otel-getting-started.yaml", Compression::None),
        ("examples/otel-sdk-config.yaml", Compression::Gzip),
        ("examples/otel-sdk-migration-config.yaml", Compression::Gzip),
    ] {
        let config = read_with(&published(name), &[]).expect(name);
        assert_eq!(warnings(&config), [""; 0], "{name}");
        assert!(config.enabled, "{name}");
        for signal in Signal::ALL {
            assert_eq!(config.exporters_of(signal), Exporter::Otlp, "{name}: {signal}");
            let target = OtlpTarget::new(&config, signal).expect(name);
            let url = format!("http://localhost:4318/v1/{signal}");
            assert_eq!(
                (target.protocol, target.url),
                (Protocol::HttpProtobuf, url),
                "{name}"
            );
            assert_eq!(target.compression, compression, "{name}");
        }
        assert_eq!((config.parent_based, config.sampling_rate), (true, 1.0), "{name}");
        let w3c = [Propagator::TraceContext, Propagator::Baggage];
        assert_eq!(config.propagators, w3c, "{name}");
        config.check().expect(name);
    }
}

#[test]
fn the_migration_example_follows_its_variables() {
    let text = published("examples/otel-sdk-migration-config.yaml");
    let set = [
        ("OTEL_SDK_DISABLED", "true"),
        ("OTEL_SERVICE_NAME", "shop"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a=1,service.name=other"),
        ("OTEL_PROPAGATORS", "b3,tracecontext"),
        ("OTEL_BSP_SCHEDULE_DELAY", "7"),
        ("OTEL_BLRP_MAX_QUEUE_SIZE", "9"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "11"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "13"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:1"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "key=SECRET"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta"),
        ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "17"),
        // Only what the file refers to has an effect.
        ("OTEL_TRACES_EXPORTER", "console"),
        ("OTEL_TRACES_SAMPLER", "always_off"),
    ];
    let config = read_with(&text, &set).expect("accepted");
    assert!(!config.enabled, "disabled");
    assert_eq!(
        config.service_name.as_deref(),
        Some("shop"),
        "attributes win over the list"
    );
    assert_eq!(
        config.resource_attributes.get("a").map(String::as_str),
        Some("1"),
        "the list"
    );
    assert_eq!(
        config.propagators,
        [Propagator::B3, Propagator::TraceContext],
        "propagators"
    );
    let delay = config.sdk.batches.get(Signal::Traces).schedule_delay;
    assert_eq!(delay, Duration::from_millis(7), "schedule_delay");
    assert_eq!(
        config.sdk.batches.get(Signal::Logs).max_queue_size,
        9,
        "max_queue_size"
    );
    assert_eq!(config.sdk.metric_interval, Duration::from_millis(11), "interval");
    assert_eq!(config.sdk.span_limits.events, 13, "event_count_limit");
    assert_eq!(config.sdk.temporality, MetricTemporality::Delta, "temporality");
    assert_eq!(config.timeout(Signal::Logs), Duration::from_millis(17), "timeout");
    assert_eq!(config.timeout(Signal::Traces), Duration::from_secs(10), "timeout");
    assert_eq!(config.headers(Signal::Traces).names(), "key", "headers");
    assert_eq!(config.headers(Signal::Logs).names(), "", "headers");
    let target = OtlpTarget::new(&config, Signal::Metrics).expect("a URL");
    assert_eq!(target.url, "http://c:1/v1/metrics", "endpoint");
    assert_eq!(config.exporters_of(Signal::Traces), Exporter::Otlp, "exporter");
    assert_eq!(
        (config.parent_based, config.sampling_rate),
        (true, 1.0),
        "sampler"
    );
}

/// What each published snippet becomes: loaded with these warnings, or refused.
#[test]
fn the_published_snippets_are_read_or_refused() {
    let loaded: &[(&str, &[&str])] = &[
        (
            "CardinalityLimits_kitchen_sink",
            &["meter_provider.readers[0].periodic.cardinality_limits"],
        ),
        ("ConsoleExporter_logs_kitchen_sink", &[]),
        ("ConsoleExporter_traces_kitchen_sink", &[]),
        ("ConsoleMetricExporter_traces_kitchen_sink", &[]),
        ("ExperimentalOtlpFileExporter_logs_file", &[]),
        ("ExperimentalOtlpFileExporter_logs_stdout", &[]),
        ("ExperimentalOtlpFileExporter_traces_file", &[]),
        ("ExperimentalOtlpFileExporter_traces_stdout", &[]),
        ("ExperimentalOtlpFileMetricExporter_metrics_file", &[]),
        ("ExperimentalOtlpFileMetricExporter_metrics_stdout", &[]),
        (
            "ExperimentalPrometheusMetricExporter_kitchen_sink",
            &[
                "meter_provider.readers[0].pull.exporter.prometheus/development.scope_info_enabled",
                "meter_provider.readers[0].pull.exporter.prometheus/development.resource_constant_labels",
            ],
        ),
        ("IdGenerator_custom", &["tracer_provider.id_generator"]),
        (
            "LogRecordLimits_kitchen_sink",
            &[
                "attribute_limits.attribute_value_depth_limit",
                "logger_provider.limits.attribute_value_length_limit",
            ],
        ),
        ("OtlpGrpcExporter_logs_kitchen_sink", &[]),
        ("OtlpGrpcExporter_traces_kitchen_sink", &[]),
        ("OtlpGrpcMetricExporter_metrics_kitchen_sink", &[]),
        ("OtlpHttpExporter_logs_kitchen_sink", &[]),
        ("OtlpHttpExporter_traces_kitchen_sink", &[]),
        ("OtlpHttpMetricExporter_metrics_kitchen_sink", &[]),
        (
            "OtlpHttpMetricExporter_use_base2_exponential_histogram",
            &["meter_provider.readers[0].periodic.exporter.otlp_http.default_histogram_aggregation"],
        ),
        ("Propagator_kitchen_sink", &[]),
        ("Resource_kitchen_sink", &[]),
        ("Sampler_parent_based_typical", &[]),
        (
            "SpanLimits_kitchen_sink",
            &["attribute_limits.attribute_value_depth_limit"],
        ),
        ("View_kitchen_sink", &["meter_provider.views"]),
        (
            "View_override_default_histogram_buckets",
            &["meter_provider.views"],
        ),
    ];
    let samplers = [
        "Sampler_always_record_typical",
        "Sampler_composite_rule_based_drop_redis_ping",
        "Sampler_probability_kitchen_sink",
        "Sampler_rule_based_kitchen_sink",
    ];
    for (name, expected) in loaded {
        let config = read_with(&published(&format!("snippets/{name}.yaml")), &[]).expect(name);
        assert_eq!(warnings(&config), *expected, "{name}");
    }
    for name in samplers {
        let error = refused(&published(&format!("snippets/{name}.yaml")));
        let expected = "in the configuration text, tracer_provider.sampler = \"a mapping\" is not accepted: use \
                        \"always_on\", \"always_off\", \"trace_id_ratio_based\" or \"parent_based\"";
        assert_eq!(error, expected, "{name}");
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/declarative/snippets");
    let count = fs::read_dir(folder).expect("a folder").count();
    assert_eq!(count, loaded.len() + samplers.len(), "every snippet is tested");
}

#[test]
fn what_has_no_section_is_off() {
    let config = declared("");
    assert!(config.enabled && config.propagators.is_empty(), "{config:?}");
    for signal in Signal::ALL {
        assert_eq!(config.exporters_of(signal), Exporter::None, "{signal}");
    }
    let config = declared("disabled: true\nlog_level: error2");
    assert_eq!(
        (config.enabled, config.sdk.log_level),
        (false, LogLevel::Error),
        "the top level"
    );
}

#[test]
fn exporters_and_samplers_have_their_settings() {
    let config = declared(
        "
tracer_provider:
  processors:
    - batch:
        exporter:
          otlp_grpc:
            endpoint: collector:4317
            tls: {insecure: true, ca_file: /ca.pem}
            headers: [{name: a, value: '1'}, {name: gone, value: null}]
            headers_list: a=2,b=3
            timeout: 0
    - simple: {exporter: {console: }}
  sampler:
    parent_based:
      root: {trace_id_ratio_based: {ratio: 0.5}}
      remote_parent_sampled: {always_off: }
meter_provider:
  readers:
    - pull: {exporter: {prometheus/development: {port: 9000}}}
    - periodic: {exporter: {otlp_file/development: {output_stream: 'file:///tmp/m.jsonl'}}}
logger_provider:
  processors:
    - batch: {exporter: {otlp_http: {encoding: json}}}
",
    );
    assert_eq!(warnings(&config), [""; 0], "no warning");
    let traces = Exporters::from([Exporter::Console, Exporter::Otlp]);
    assert_eq!(config.exporters_of(Signal::Traces), traces, "two exporters");
    let target = OtlpTarget::new(&config, Signal::Traces).expect("a URL");
    assert_eq!(
        (target.protocol, &*target.url),
        (Protocol::Grpc, "http://collector:4317"),
        "insecure"
    );
    assert_eq!(target.tls.certificate.as_deref(), Some("/ca.pem"), "ca_file");
    assert_eq!(
        target.headers.names(),
        "a, b",
        "a header that is null is left out"
    );
    assert_eq!(
        target.timeout(),
        Duration::from_millis(i32::MAX as u64),
        "0 is no limit"
    );
    let sampler = SamplerTree::ParentBased(Box::new(ParentSamplers {
        root: SamplerTree::Ratio(0.5),
        remote_sampled: SamplerTree::AlwaysOff,
        ..ParentSamplers::default()
    }));
    assert_eq!(
        config.sdk.sampler,
        Some(sampler),
        "a branch that is not the default"
    );
    let metrics = Exporters::from([Exporter::Prometheus, Exporter::File]);
    assert_eq!(config.exporters_of(Signal::Metrics), metrics, "two readers");
    assert_eq!(
        config.prometheus_listen.as_deref(),
        Some("localhost:9000"),
        "port"
    );
    assert_eq!(config.file.path, "/tmp/m.jsonl", "output_stream");
    let target = OtlpTarget::new(&config, Signal::Logs).expect("a URL");
    let expected = (Protocol::HttpJson, "http://127.0.0.1:4318/v1/logs");
    assert_eq!((target.protocol, &*target.url), expected, "the default endpoint");

    let config =
        declared("tracer_provider: {processors: [], sampler: {trace_id_ratio_based: {ratio: 0.25}}}");
    assert_eq!(
        (config.parent_based, config.sampling_rate),
        (false, 0.25),
        "a root sampler alone"
    );
}

#[test]
fn resource_attributes_have_their_types() {
    let text = published("snippets/Resource_kitchen_sink.yaml");
    let config = read_with(&text, &[]).expect("accepted");
    let texts = |list: &[&'static str]| {
        let texts = list.iter().map(|text| StringValue::from(*text));
        Value::Array(Array::String(texts.collect()))
    };
    let expected = [
        KeyValue::new("bool_key", true),
        KeyValue::new("int_key", 1),
        KeyValue::new("double_key", 1.1),
        KeyValue::new("string_array_key", texts(&["value1", "value2"])),
        KeyValue::new("bool_array_key", Value::Array(Array::Bool(vec![true, false]))),
        KeyValue::new("int_array_key", Value::Array(Array::I64(vec![1, 2]))),
        KeyValue::new("double_array_key", Value::Array(Array::F64(vec![1.1, 2.2]))),
    ];
    assert_eq!(config.sdk.resource_attributes, expected, "typed attributes");
    assert_eq!(config.service_version.as_deref(), Some("1.0.0"), "the list");
    let resource = crate::resource::resource(&config, None);
    assert_eq!(
        resource.schema_url(),
        Some("https://opentelemetry.io/schemas/1.16.0"),
        "schema_url"
    );
    assert_eq!(resource.get(&"int_key".into()), Some(1.into()), "an attribute");
}

#[test]
fn what_is_not_accepted_is_named_with_its_path() {
    let traces =
        |processors: &str| format!("file_format: '1.1'\ntracer_provider:\n  processors: {processors}");
    for (text, expected) in [
        (String::new(), "the key file_format is missing"),
        (
            "file_format: '2.0'".into(),
            r#"file_format = "2.0" is not accepted: use a version from "1.0" to "1.2""#,
        ),
        (
            "file_format: '1.1'\ndisabled: maybe".into(),
            r#"disabled = "maybe" is not accepted: use true or false"#,
        ),
        ("file_format: '1.1'\ntracer_provider:".into(), ""),
        (
            "file_format: '1.1'\ntracer_provider: {}".into(),
            "the key tracer_provider.processors is missing",
        ),
        (
            traces("{}"),
            r#"tracer_provider.processors = "a mapping" is not accepted: use a list"#,
        ),
        (
            traces("[batch: {schedule_delay: '5'}]"),
            r#"tracer_provider.processors[0].batch.schedule_delay = "5" is not accepted: use a whole number from 0 to 2147483647"#,
        ),
        (
            traces("[batch: {max_queue_size: 0}]"),
            r#"tracer_provider.processors[0].batch.max_queue_size = "0" is not accepted: use a whole number from 1 to 1000000"#,
        ),
        (
            traces("[batch: {}]"),
            "the key tracer_provider.processors[0].batch.exporter is missing",
        ),
        (
            traces("[batch: {exporter: {console: , otlp_http: }}]"),
            r#"tracer_provider.processors[0].batch.exporter = "a mapping" is not accepted: use a mapping with one key, which names the component"#,
        ),
        (
            traces("[batch: {exporter: {zipkin: }}]"),
            r#"tracer_provider.processors[0].batch.exporter = "a mapping" is not accepted: use "otlp_http", "otlp_grpc", "console" or "otlp_file/development""#,
        ),
        (
            traces("[{batch: {exporter: {otlp_http: }}}, {batch: {exporter: {otlp_grpc: }}}]"),
            "tracer_provider.processors[0].batch.exporter.otlp_http and \
             tracer_provider.processors[1].batch.exporter.otlp_grpc set the same value: keep one of them",
        ),
        (
            traces(
                "[{batch: {schedule_delay: 1, exporter: {console: }}}, {batch: {schedule_delay: 2, exporter: \
                 {otlp_grpc: }}}]",
            ),
            "tracer_provider.processors[1].batch.schedule_delay = \"2\" is not accepted: use 1, the value of \
             tracer_provider.processors[0].batch.schedule_delay: a signal has one set of batch settings",
        ),
        (
            traces("[simple: {exporter: {otlp_file/development: {output_stream: 'file:///t'}}}]")
                + "\nlogger_provider:\n  processors: [simple: {exporter: {otlp_file/development: {output_stream: \
                   'file:///l'}}}]",
            "logger_provider.processors[0].simple.exporter.otlp_file/development.output_stream = \"file:///l\" is not \
             accepted: use \"file:///t\", the value of \
             tracer_provider.processors[0].simple.exporter.otlp_file/development.output_stream: all signals are \
             written to one file",
        ),
        (
            "file_format: '1.1'\nmeter_provider:\n  readers: [periodic: {interval: 1, exporter: {console: }}, periodic: \
             {interval: 2, exporter: {otlp_grpc: }}]"
                .into(),
            "meter_provider.readers[1].periodic.interval = \"2\" is not accepted: use 1, the value of \
             meter_provider.readers[0].periodic.interval: all periodic readers have the same settings",
        ),
        (
            traces("[batch: {exporter: {otlp_http: {headers: [{name: key, value: 1234}]}}}]"),
            r#"tracer_provider.processors[0].batch.exporter.otlp_http.headers[0].value = "REDACTED" is not accepted: use a text"#,
        ),
        (
            "file_format: '1.1'\npropagator: {composite: [{ottrace: }]}".into(),
            r#"propagator.composite[0].ottrace = "null" is not accepted: use "tracecontext", "baggage", "b3", "b3multi", "jaeger" and "xray", with commas between them, or "none""#,
        ),
        (
            "file_format: ${1A}".into(),
            "the configuration is not a declarative configuration in YAML: there is a malformed reference to a \
             variable: use ${NAME} or ${NAME:-default} at line 1 column 14",
        ),
    ] {
        if expected.is_empty() {
            // A provider that is null has no settings, and is a no-op.
            assert!(read_with(&text, &[]).is_ok(), "{text}");
            continue;
        }
        assert_eq!(
            refused(&text),
            format!("in the configuration text, {expected}"),
            "{text}"
        );
    }
}

#[test]
fn unknown_properties_warn_except_where_they_are_allowed() {
    let config = declared(
        "
mine: 1
instrumentation/development: {general: }
resource: {attribute: [], detection/development: {detectors: [{host: }]}}
tracer_provider:
  processors: [{batch: {delay: 5, exporter: {otlp_http: {timeouts: 1, headerss: SECRET}}}}]
  tracer_configurator/development: {}
",
    );
    let expected = [
        "resource.attribute",
        "tracer_provider.processors[0].batch.delay",
        "tracer_provider.processors[0].batch.exporter.otlp_http.headerss",
        "tracer_provider.processors[0].batch.exporter.otlp_http.timeouts",
    ];
    let mut found = warnings(&config);
    found.sort_unstable();
    assert_eq!(found, expected, "the paths");
    let first = config
        .ignored_variables()
        .iter()
        .find(|it| it.variable == expected[1]);
    let first = first.map(ToString::to_string);
    let text = "tracer_provider.processors[0].batch.delay = \"5\" is ignored: the property is unknown; instead: no such \
                property";
    assert_eq!(first.as_deref(), Some(text), "the warning");
    let all = format!("{:?}", config.ignored_variables());
    assert!(!all.contains("SECRET"), "{all}");
    for (format, expected) in [("'1.2'", 0), ("1.1", 0), ("'1.0-rc.3'", 0), ("'1.3'", 1)] {
        let config = read_with(&format!("file_format: {format}"), &[]).expect(format);
        assert_eq!(config.ignored_variables().len(), expected, "{format}");
    }
}

/// The layers and the console read these whatever the configuration is. A typing error used to be silent.
#[test]
fn variables_that_are_read_elsewhere_are_checked() {
    let variables = [
        ("THROUGHLINE_CONSOLE", "ascii,detials"),
        ("THROUGHLINE_URL_QUERY", "al"),
        ("OTEL_TRACES_SAMPLER", "nonsense"),
    ];
    let config = read_with("file_format: '1.1'", &variables).expect("accepted");
    let found: Vec<_> = config
        .ignored_variables()
        .iter()
        .map(|it| (&*it.variable, &*it.value))
        .collect();
    let expected = [
        ("THROUGHLINE_URL_QUERY", "al"),
        ("THROUGHLINE_CONSOLE", "detials"),
    ];
    assert_eq!(found, expected, "the variables that have an effect");
}
