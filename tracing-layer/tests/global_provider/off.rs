//! Without a provider, and without a span.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use allocation_counter::measure;
use opentelemetry::trace::{SpanBuilder, Status, TraceContextExt};
use opentelemetry::{Context, InstrumentationScope, KeyValue};
use throughline_tracing_layer::provider::LazyTracer;
use throughline_tracing_layer::span::{
    current_span_id, current_trace_id, in_span, is_telemetry_enabled, record_span_event, set_span_attribute,
    set_span_attributes, set_span_error, set_span_exception, set_span_status, span, trace_span,
};

use crate::{RECORDER, tree, within};

/// What a program saw of the helpers before it set a provider.
pub(crate) struct Before {
    enabled: bool,
    started: bool,
    /// For a thousand spans.
    allocations: u64,
    took: Duration,
    tracer: LazyTracer,
}

pub(crate) static BEFORE: LazyLock<Before> = LazyLock::new(|| {
    let tracer = LazyTracer::following(InstrumentationScope::builder("few").build());
    for _ in 0..10 {
        let early = tracer.start(&Context::new(), || SpanBuilder::from_name("early"));
        assert!(early.is_none(), "no provider, no span");
    }
    let enabled = is_telemetry_enabled();
    let started = (0..3).any(|_| {
        let _span = span("early");
        Context::map_current(|cx| cx.has_active_span())
    });
    for _ in 0..2_000 {
        drop(span("early"));
    }
    let began = Instant::now();
    let spans = measure(|| {
        for _ in 0..1_000 {
            let _span = trace_span("early", [KeyValue::new("key", "value")]);
            drop(in_span("early", std::future::ready(())));
        }
    });
    Before {
        enabled,
        started,
        allocations: spans.count_total,
        took: began.elapsed(),
        tracer,
    }
});

/// After more than a thousand spans the provider is looked for once a millisecond.
pub(crate) fn until_the_provider_is_seen() {
    let deadline = Instant::now() + Duration::from_secs(60);
    while Instant::now() < deadline {
        let _span = span("seen");
        if current_span_id().is_some() {
            return;
        }
    }
    panic!("the provider is not seen");
}

#[test]
fn before_a_provider_there_is_nothing() {
    assert!(!BEFORE.enabled, "no provider, not enabled");
    assert!(!BEFORE.started, "no provider, no span");
    let Before {
        allocations, took, ..
    } = *BEFORE;
    let looks = took.as_millis() + 2;
    assert!(
        u128::from(allocations) <= looks * A_LOOK,
        "no provider, no allocations but to look for one once a millisecond: {allocations} in {took:?}"
    );
}

#[test]
fn after_a_provider_there_is_a_span() {
    LazyLock::force(&RECORDER);
    let parent = Context::new();
    let first = BEFORE.tracer.start(&parent, || SpanBuilder::from_name("first"));
    assert!(
        first.is_some(),
        "no span is lost after the provider is set, although few were started before"
    );
    assert!(is_telemetry_enabled(), "enabled once the provider is there");
    within("after a provider", || {
        assert!(current_trace_id().is_some(), "a trace");
        assert!(current_span_id().is_some(), "a span");
    });
    assert_eq!(
        tree("after a provider"),
        "Internal after a provider\n",
        "the helper found the provider that was set after its first call"
    );
}

/// The most allocations that it takes to look for a provider.
const A_LOOK: u128 = 5;

/// A `Display` that must not be called.
#[derive(Debug)]
struct Untold;

impl std::fmt::Display for Untold {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("no listener")
    }
}

impl std::error::Error for Untold {}

fn every_helper() {
    set_span_attribute("key", "value");
    set_span_attributes((0..3).map(|_| panic!("no listener")));
    set_span_status(Status::Ok);
    set_span_exception(&Untold);
    set_span_error(&Untold as &dyn std::error::Error);
    record_span_event("event", (0..3).map(|_| panic!("no listener")));
    assert!(Context::map_current(|cx| !cx.span().is_recording()), "off");
    let _ = (current_trace_id(), current_span_id());
}

#[test]
fn helpers_without_a_span_allocate_nothing() {
    every_helper();
    let info = measure(every_helper);
    assert_eq!(info.count_total, 0, "no span, no allocation");
    assert_eq!(current_trace_id(), None, "no span, no trace");
    assert_eq!(current_span_id(), None, "no span, no id");
}

#[test]
fn helpers_in_a_suppressed_span_allocate_nothing() {
    within("suppressed", || {
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        assert!(!is_telemetry_enabled(), "suppressed");
        let _span = span("not started");
        every_helper();
        let info = measure(every_helper);
        assert_eq!(info.count_total, 0, "what is not started records nothing");
    });
    assert_eq!(
        tree("suppressed"),
        "Internal suppressed\n",
        "what was set in the scope of a span that is not started is not set on the one above"
    );
}
