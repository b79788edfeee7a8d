//! What is not accepted, and what is ignored with a warning.

use crate::config::HistogramBuckets;

use super::{declared, read_with, refused, warnings};

#[test]
fn what_is_not_accepted_is_named_with_its_path() {
    let traces =
        |processors: &str| format!("file_format: '1.1'\ntracer_provider:\n  processors: {processors}");
    let metrics = |exporter: &str, more: &str| {
        format!(
            "file_format: '1.1'\nmeter_provider:\n  readers: [periodic: {{exporter: {{{exporter}}}}}]\n  {more}"
        )
    };
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
            r#"tracer_provider.processors[0].batch.exporter = "{zipkin: …}" is not accepted: use "otlp_http", "otlp_grpc", "console" or "otlp_file/development""#,
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
            traces("[]\n  sampler: {jaeger_remote/development: }"),
            r#"tracer_provider.sampler = "{jaeger_remote/development: …}" is not accepted: use "always_on", "always_off", "trace_id_ratio_based", "parent_based", "always_record", "probability/development" or "composite/development""#,
        ),
        (
            traces("[]\n  sampler: {composite/development: {parent_based: }}"),
            r#"tracer_provider.sampler.composite/development = "{parent_based: …}" is not accepted: use "always_on", "always_off", "probability", "parent_threshold" or "rule_based""#,
        ),
        (
            traces("[]\n  sampler: {composite/development: {rule_based: {rules: [{span_kinds: [web], sampler: {always_on: }}]}}}"),
            r#"tracer_provider.sampler.composite/development.rule_based.rules[0].span_kinds[0] = "web" is not accepted: use one of "internal", "server", "client", "producer", "consumer""#,
        ),
        (
            traces("[]\n  sampler: {composite/development: {rule_based: {rules: [{parent: [none]}]}}}"),
            "the key tracer_provider.sampler.composite/development.rule_based.rules[0].sampler is missing",
        ),
        (
            metrics("console: ", "views: [{selector: {}}]"),
            "the key meter_provider.views[0].stream is missing",
        ),
        (
            metrics("console: ", "views: [{selector: {instrument_type: timer}, stream: {}}]"),
            r#"meter_provider.views[0].selector.instrument_type = "timer" is not accepted: use one of "counter", "gauge", "histogram", "observable_counter", "observable_gauge", "observable_up_down_counter", "up_down_counter""#,
        ),
        (
            metrics("console: ", "views: [{selector: {}, stream: {aggregation: {mean: }}}]"),
            r#"meter_provider.views[0].stream.aggregation = "{mean: …}" is not accepted: use "default", "drop", "explicit_bucket_histogram", "base2_exponential_bucket_histogram", "last_value" or "sum""#,
        ),
        (
            metrics("console: ", "views: [{selector: {}, stream: {aggregation: {explicit_bucket_histogram: {boundaries: [1, 1]}}}}]"),
            r#"meter_provider.views[0].stream.aggregation.explicit_bucket_histogram.boundaries = "a list" is not accepted: use numbers of which each is greater than the one before"#,
        ),
        (
            metrics("console: ", "views: [{selector: {}, stream: {aggregation: {base2_exponential_bucket_histogram: {max_scale: 21}}}}]"),
            r#"meter_provider.views[0].stream.aggregation.base2_exponential_bucket_histogram.max_scale = "21" is not accepted: use a whole number from -10 to 20"#,
        ),
        (
            metrics("console: ", "views: [{selector: {}, stream: {aggregation: {base2_exponential_bucket_histogram: {max_size: 1}}}}]"),
            r#"meter_provider.views[0].stream.aggregation.base2_exponential_bucket_histogram.max_size = "1" is not accepted: use a whole number from 2 to 10000"#,
        ),
        (
            metrics("console: ", "views: [{selector: {}, stream: {aggregation_cardinality_limit: 0}}]"),
            r#"meter_provider.views[0].stream.aggregation_cardinality_limit = "0" is not accepted: use a whole number from 1 to 1000000"#,
        ),
        (
            metrics("console: {default_histogram_aggregation: linear}", ""),
            r#"meter_provider.readers[0].periodic.exporter.console.default_histogram_aggregation = "linear" is not accepted: use "explicit_bucket_histogram" or "base2_exponential_bucket_histogram""#,
        ),
        (
            "file_format: '1.1'\nmeter_provider:\n  readers: [periodic: {cardinality_limits: {default: 1}, exporter: \
             {console: }}, pull: {cardinality_limits: {gauge: 1}, exporter: {prometheus/development: }}]"
                .into(),
            "meter_provider.readers[1].pull.cardinality_limits = \"{gauge: …}\" is not accepted: use those of \
             meter_provider.readers[0].periodic.cardinality_limits: all readers have the same limits",
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

/// The SDK has no settings for a single reader, and its Prometheus exporter leaves out exponential histograms.
#[test]
fn settings_of_metrics_that_readers_cannot_share_warn() {
    let base2 = "default_histogram_aggregation: base2_exponential_bucket_histogram";
    let periodic = format!("periodic: {{exporter: {{console: {{{base2}}}}}}}");
    let view = "aggregation: {base2_exponential_bucket_histogram: }";
    for (readers, stream, expected) in [
        (periodic.clone(), view, vec![]),
        (
            format!("{periodic}, periodic: {{exporter: {{otlp_http: }}}}"),
            view,
            vec!["meter_provider.readers[0].periodic.exporter.console.default_histogram_aggregation"],
        ),
        (
            format!("{periodic}, periodic: {{exporter: {{otlp_http: {{{base2}}}}}}}"),
            "attribute_keys: {included: [a, b], excluded: [b*]}",
            vec![],
        ),
        (
            "pull: {exporter: {prometheus/development: }}".into(),
            view,
            vec!["meter_provider.views[0].stream.aggregation"],
        ),
        (
            periodic.clone(),
            "attribute_keys: {excluded: [b*]}",
            vec!["meter_provider.views[0].stream.attribute_keys"],
        ),
        (periodic.clone(), "attribute_keys: {included: ['*']}", vec![]),
    ] {
        let config = declared(&format!(
            "meter_provider: {{readers: [{readers}], views: [{{selector: {{}}, stream: {{{stream}}}}}]}}"
        ));
        assert_eq!(warnings(&config), expected, "{readers}, {stream}");
        let is_exponential = !readers.starts_with("pull") && !readers.ends_with("{otlp_http: }}");
        assert_eq!(
            config.sdk.metric_views.histogram_buckets == HistogramBuckets::Exponential,
            is_exponential,
            "{readers}"
        );
    }
}
