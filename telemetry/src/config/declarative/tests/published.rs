//! The published examples and snippets.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::{published, read_with, warnings};
use crate::config::{Compression, Exporter, MetricTemporality, OtlpTarget, Propagator, Protocol};
use crate::signal::Signal;

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
    let delay = config.batches(Signal::Traces).interval;
    assert_eq!(delay, Duration::from_millis(7), "schedule_delay");
    assert_eq!(config.batches(Signal::Logs).max_queue_size, 9, "max_queue_size");
    assert_eq!(
        config.batches(Signal::Metrics).interval,
        Duration::from_millis(11),
        "interval"
    );
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

/// Each published snippet, and the properties that warn.
#[test]
fn the_published_snippets_are_read() {
    let loaded: &[(&str, &[&str])] = &[
        ("CardinalityLimits_kitchen_sink", &[]),
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
        ("OtlpHttpMetricExporter_use_base2_exponential_histogram", &[]),
        ("Propagator_kitchen_sink", &[]),
        ("Resource_kitchen_sink", &[]),
        ("Sampler_always_record_typical", &[]),
        ("Sampler_composite_rule_based_drop_redis_ping", &[]),
        ("Sampler_parent_based_typical", &[]),
        ("Sampler_probability_kitchen_sink", &[]),
        ("Sampler_rule_based_kitchen_sink", &[]),
        (
            "SpanLimits_kitchen_sink",
            &["attribute_limits.attribute_value_depth_limit"],
        ),
        // Its included keys are patterns, which the SDK does not have.
        (
            "View_kitchen_sink",
            &["meter_provider.views[0].stream.attribute_keys"],
        ),
        ("View_override_default_histogram_buckets", &[]),
    ];
    for (name, expected) in loaded {
        let config = read_with(&published(&format!("snippets/{name}.yaml")), &[]).expect(name);
        assert_eq!(warnings(&config), *expected, "{name}");
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/declarative/snippets");
    let count = fs::read_dir(folder).expect("a folder").count();
    assert_eq!(count, loaded.len(), "every snippet is tested");
}
