//! Spans of the `tracing` crate in the traces.

use opentelemetry::Context;
use opentelemetry::trace::{TraceContextExt, Tracer, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SimpleSpanProcessor, SpanData};
use throughline_telemetry::tracing_spans::without_model_calls;
use throughline_telemetry::{Exporter, Telemetry, TelemetryConfig, init};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};

use crate::{TEST_TIMEOUT, turn};

/// Starts telemetry that exports spans to memory.
fn in_memory() -> (Telemetry, InMemorySpanExporter) {
    let spans = InMemorySpanExporter::default();
    let exporter = spans.clone();
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::None);
    let telemetry = init(config.with_startup_hook(move |mut builders| {
        let processor = SimpleSpanProcessor::new(exporter.clone());
        builders.tracer_provider = builders.tracer_provider.with_span_processor(processor);
        builders
    }));
    (telemetry.expect("started"), spans)
}

/// Each span with its parent, in the order of their ends.
fn with_parents(spans: &[SpanData]) -> Vec<(&str, Option<&str>)> {
    let parent = |span: &SpanData| {
        let id = span.parent_span_id;
        let parent = spans.iter().find(|parent| parent.span_context.span_id() == id);
        parent.map(|parent| parent.name.as_ref())
    };
    spans
        .iter()
        .map(|span| (span.name.as_ref(), parent(span)))
        .collect()
}

#[tracing::instrument(skip_all, fields(item))]
fn price(tracer: &impl Tracer) {
    tracing::info_span!(target: "h2", "frame").in_scope(|| drop(tracer.start("call")));
    tracing::debug_span!("detail").in_scope(|| ());
}

#[test]
fn instrumented_functions_join_the_trace() {
    let _turn = turn();
    let (telemetry, exported) = in_memory();
    let tracer = telemetry.tracer_provider().expect("spans are on").tracer("test");
    let layer = telemetry.trace_layer().with_filter(LevelFilter::INFO);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let request = Context::new().with_span(tracer.start("request"));
        let _current = request.attach();
        price(&tracer);
    });
    let spans = exported.get_finished_spans().expect("spans");
    let expected = [
        ("call", Some("price")),
        ("price", Some("request")),
        ("request", None),
    ];
    assert_eq!(
        with_parents(&spans),
        expected,
        "one trace, without the spans of exporters' libraries"
    );
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
}

#[test]
fn model_calls_of_other_libraries_can_be_left_out() {
    let _turn = turn();
    let (telemetry, exported) = in_memory();
    let tracer = telemetry.tracer_provider().expect("spans are on").tracer("test");
    let layer = telemetry
        .trace_layer()
        .with_filter(LevelFilter::INFO.and(filter_fn(without_model_calls)));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let _planner = tracing::info_span!("planner").entered();
        let chat = tracing::info_span!("chat", gen_ai.usage.input_tokens = tracing::field::Empty);
        chat.in_scope(|| {
            drop(tracer.start("chat gpt-4o"));
            tracing::info_span!("tool").in_scope(|| ());
        });
        tracing::info!(gen_ai.usage.input_tokens = 3, "an event");
    });
    let spans = exported.get_finished_spans().expect("spans");
    let expected = [
        ("chat gpt-4o", Some("planner")),
        ("tool", Some("planner")),
        ("planner", None),
    ];
    assert_eq!(with_parents(&spans), expected, "without the library's own span");
    let events: Vec<_> = spans
        .iter()
        .flat_map(|span| span.events.iter())
        .map(|event| event.name.to_string())
        .collect();
    assert_eq!(events, ["an event"], "events stay");
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
}

#[test]
fn there_is_no_layer_without_spans() {
    let _turn = turn();
    let off = init(TelemetryConfig::default()).expect("off");
    assert!(
        off.trace_layer::<tracing_subscriber::Registry>().is_none(),
        "telemetry is off"
    );
    drop(off);
}
