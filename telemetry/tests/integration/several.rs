//! Several exporters of a signal: each delivers by itself, and reports by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SimpleSpanProcessor};
use throughline_telemetry::{Builders, Exporter, Protocol, TelemetryConfig, init};
use throughline_test_support::Vacant;
use throughline_tracing_layer::span::is_telemetry_enabled;

use crate::collector::{Answer, Collector};
use crate::{Shared, TEST_TIMEOUT, console, record, turn};

fn both(writer: &Shared, url: &str) -> TelemetryConfig {
    console(writer)
        .with_exporter([Exporter::Otlp, Exporter::Console])
        .with_metrics_exporter(Exporter::None)
        .with_endpoint(url)
        .with_protocol(Protocol::HttpJson)
}

#[test]
fn two_exporters_of_a_signal_both_deliver() {
    let _turn = turn();
    let (writer, collector) = (Shared::default(), Collector::start(Answer::Accept));
    let url = format!("http://{}", collector.address);
    let telemetry = init(both(&writer, &url)).expect("started");
    record(&telemetry, "work");
    telemetry.flush(TEST_TIMEOUT).expect("flushed");
    assert_eq!(collector.spans(), ["work"], "the collector");
    assert!(
        writer.text().contains("● work "),
        "the console: {}",
        writer.text()
    );
    let diagnosis = telemetry.diagnose_within(TEST_TIMEOUT);
    let signals: Vec<_> = diagnosis
        .signals
        .iter()
        .map(|signal| (signal.signal, signal.exporter, signal.counts.delivered))
        .collect();
    let expected = [("traces", Exporter::Console, 1), ("traces", Exporter::Otlp, 1)];
    assert_eq!(signals, expected, "an entry for each");
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
}

#[test]
fn a_dead_collector_does_not_stop_the_console() {
    let _turn = turn();
    let (writer, vacant) = (Shared::default(), Vacant::new());
    let url = format!("http://{}", vacant.address());
    let telemetry = init(both(&writer, &url)).expect("started");
    record(&telemetry, "work");
    let error = telemetry
        .shutdown_within(TEST_TIMEOUT)
        .expect_err("no listener")
        .to_string();
    assert!(
        writer.text().contains("● work "),
        "the console: {}",
        writer.text()
    );
    let blamed = format!("not everything was delivered; traces: {url}/v1/traces: ");
    assert!(
        error.starts_with(&blamed),
        "the error names the destination: {error}"
    );
    assert!(
        !error.contains("the console"),
        "and only the one that failed: {error}"
    );
}

/// If one of two exporters cannot be set up, the signal used to be lost as a whole.
#[test]
fn an_exporter_that_cannot_be_set_up_leaves_the_other() {
    let _turn = turn();
    let writer = Shared::default();
    let variables = [
        ("OTEL_TRACES_EXPORTER", "console,file"),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("THROUGHLINE_FILE_PATH", "/dev/null"),
    ];
    let config = TelemetryConfig::from_vars(variables).expect("accepted");
    let telemetry = init(config.with_console_writer(writer.clone())).expect("started");
    record(&telemetry, "work");
    let diagnosis = telemetry.diagnose_within(Duration::ZERO);
    let exporters: Vec<_> = diagnosis.signals.iter().map(|signal| signal.exporter).collect();
    assert_eq!(exporters, [Exporter::Console], "what remains");
    let ignored: Vec<_> = diagnosis
        .ignored
        .iter()
        .map(|ignored| (&*ignored.variable, &*ignored.used))
        .collect();
    let used = "traces are exported by console only, logs are not exported";
    assert_eq!(ignored, [("OTEL_TRACES_EXPORTER", used)], "the warning");
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
    assert!(writer.text().contains("● work "), "printed: {}", writer.text());
}

/// A route could not hold the guard while `main` shut down, and `is_telemetry_enabled` stayed `true`.
#[test]
fn a_handle_outlives_the_shutdown() {
    let _turn = turn();
    let writer = Shared::default();
    let telemetry = init(console(&writer)).expect("started");
    let handle = telemetry.handle();
    record(&telemetry, "work");
    assert!(is_telemetry_enabled(), "running");
    handle.clone().flush(TEST_TIMEOUT).expect("flushed");
    assert!(writer.text().contains("● work "), "printed: {}", writer.text());
    let diagnosis = handle.diagnose_within(Duration::ZERO);
    assert!(diagnosis.enabled && diagnosis.signals.len() == 2, "{diagnosis}");
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
    assert!(!handle.is_enabled() && !is_telemetry_enabled(), "off");
    let diagnosis = handle.diagnose();
    assert!(!diagnosis.enabled && diagnosis.signals.is_empty(), "{diagnosis}");
    handle.flush(Duration::ZERO).expect("nothing to export");

    let again = init(console(&writer)).expect("the handle does not prevent it");
    assert!(is_telemetry_enabled() && !handle.is_enabled(), "another one");
    again.shutdown_within(TEST_TIMEOUT).expect("ended");
}

/// A hook used to have no effect unless telemetry was on for another reason.
#[test]
fn a_start_up_hook_alone_turns_telemetry_on() {
    let _turn = turn();
    let spans = InMemorySpanExporter::default();
    let exporter = spans.clone();
    let hook = move |mut builders: Builders| {
        let processor = SimpleSpanProcessor::new(exporter.clone());
        builders.tracer_provider = builders.tracer_provider.with_span_processor(processor);
        builders
    };
    let telemetry = init(TelemetryConfig::default().with_startup_hook(hook.clone())).expect("started");
    record(&telemetry, "work");
    let names: Vec<_> = spans
        .get_finished_spans()
        .expect("spans")
        .into_iter()
        .map(|span| span.name)
        .collect();
    assert_eq!(names, ["work"], "the hook exports");
    assert!(
        telemetry.diagnose_within(Duration::ZERO).signals.is_empty(),
        "and nothing else"
    );
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
    let off = TelemetryConfig::default()
        .with_enabled(false)
        .with_startup_hook(hook);
    assert!(!init(off).expect("off").is_enabled(), "unless it is turned off");
}

/// The value of each sum of the last collection of metrics, by its name and the component's name.
fn sums(collector: &Collector) -> BTreeMap<(String, String), i64> {
    let requests = collector.requests();
    let last = requests
        .iter()
        .rfind(|request| request.head.starts_with("POST /v1/metrics "))
        .expect("metrics");
    let request: ExportMetricsServiceRequest = serde_json::from_slice(&last.body).expect("OTLP/JSON");
    let scopes = request.resource_metrics.iter().flat_map(|it| &it.scope_metrics);
    let mut sums = BTreeMap::new();
    for metric in scopes.flat_map(|scope| &scope.metrics) {
        let Some(Data::Sum(sum)) = &metric.data else {
            continue;
        };
        for point in &sum.data_points {
            let component = point.attributes.iter().find(|it| it.key == "otel.component.name");
            let component = component.and_then(|it| it.value.as_ref()?.value.clone());
            if let (Some(any_value::Value::StringValue(component)), Some(Value::AsInt(value))) =
                (component, &point.value)
            {
                sums.insert((metric.name.clone(), component), *value);
            }
        }
    }
    sums
}

#[test]
fn metrics_about_telemetry_are_those_of_the_conventions() {
    let _turn = turn();
    let (writer, collector) = (Shared::default(), Collector::start(Answer::Accept));
    let url = format!("http://{}", collector.address);
    let config = both(&writer, &url)
        .with_metrics_exporter(Exporter::Otlp)
        .with_self_metrics(true);
    let telemetry = init(config).expect("started");
    for _ in 0..3 {
        record(&telemetry, "work");
    }
    for _ in 0..2 {
        telemetry.flush(TEST_TIMEOUT).expect("flushed");
    }
    let expected = [
        (
            "otel.sdk.exporter.metric_data_point.exported",
            "otlp_http_json_metric_exporter/0",
            None,
        ),
        (
            "otel.sdk.exporter.span.exported",
            "otlp_http_json_span_exporter/1",
            Some(3),
        ),
        (
            "otel.sdk.exporter.span.exported",
            "throughline_console_span_exporter/0",
            Some(3),
        ),
        (
            "otel.sdk.processor.span.processed",
            "batching_span_processor/1",
            Some(3),
        ),
        (
            "otel.sdk.processor.span.processed",
            "throughline_console_processor/0",
            Some(3),
        ),
        (
            "otel.sdk.processor.span.queue.capacity",
            "batching_span_processor/1",
            Some(2048),
        ),
        (
            "otel.sdk.processor.span.queue.size",
            "batching_span_processor/1",
            Some(0),
        ),
        (
            "otel.sdk.processor.span.queue.size",
            "throughline_console_processor/0",
            Some(0),
        ),
    ];
    let sums = sums(&collector);
    let names: Vec<_> = sums
        .keys()
        .map(|(name, component)| (&**name, &**component))
        .collect();
    let expected_names: Vec<_> = expected
        .iter()
        .map(|(name, component, _)| (*name, *component))
        .collect();
    assert_eq!(names, expected_names, "the series");
    for (name, component, value) in expected {
        let found = sums.get(&(name.to_owned(), component.to_owned())).copied();
        match value {
            Some(_) => assert_eq!(found, value, "{name} {component}"),
            None => assert!(
                found.is_some_and(|count| count > 0),
                "{name} {component}: {found:?}"
            ),
        }
    }
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
}
