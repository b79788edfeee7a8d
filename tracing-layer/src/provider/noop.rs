//! Detects no-op tracers and meters.

use std::ptr;
use std::sync::LazyLock;

use opentelemetry::Context;
use opentelemetry::metrics::noop::NoopMeterProvider;
use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry::trace::{
    Span, SpanBuilder, SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
};

/// Returns whether a span with these ids was started by a tracer that is neither a no-op nor shut down.
///
/// A no-op tracer returns the ids of its parent, and one that was shut down returns none. Every other tracer
/// creates a new id, even if the span is sampled out.
pub(super) fn is_started(span: &SpanContext, parent: &Context) -> bool {
    span.is_valid() && span.span_id() != parent.span().span_context().span_id()
}

/// Returns whether the tracer is a no-op. A no-op returns the ids even in a context in which other tracers
/// start nothing.
pub(super) fn is_noop_tracer<T: Tracer>(tracer: &T) -> bool {
    let ids = SpanContext::new(
        TraceId::from(1),
        SpanId::from(1),
        TraceFlags::NOT_SAMPLED,
        true,
        TraceState::NONE,
    );
    let parent = Context::new()
        .with_remote_span_context(ids)
        .with_telemetry_suppressed();
    let span = tracer.build_with_context(SpanBuilder::from_name("probe"), &parent);
    span.span_context().span_id() == parent.span().span_context().span_id()
}

/// Returns whether the meter is the no-op of the API.
///
/// A foreign meter may have no size either. It differs in its functions, unless it overrides none of those
/// that discard measurements.
pub(super) fn is_noop_meter(meter: &Meter) -> bool {
    static NOOP: LazyLock<Meter> = LazyLock::new(|| NoopMeterProvider::new().meter(""));
    let [functions, noop] = [meter, &*NOOP].map(|meter| {
        let provider = meter.u64_counter("").instrument_provider;
        (size_of_val(provider), ptr::from_ref(provider).with_addr(0))
    });
    functions.0 == 0 && ptr::eq(functions.1, noop.1)
}
