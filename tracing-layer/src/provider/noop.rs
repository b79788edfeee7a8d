//! Whether a tracer or a meter does anything.

use opentelemetry::Context;
use opentelemetry::global::{BoxedSpan, BoxedTracer};
use opentelemetry::metrics::Meter;
use opentelemetry::trace::{
    Span, SpanBuilder, SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
};

/// The span, unless its tracer is a no-op or has been shut down.
///
/// A no-op tracer hands its parent's ids on, and one that is shut down has none; every other makes an id of its own, also
/// for a span sampled out.
pub(super) fn start(
    tracer: &BoxedTracer,
    parent: &Context,
    builder: impl FnOnce() -> SpanBuilder,
) -> Option<BoxedSpan> {
    let span = tracer.build_with_context(builder(), parent);
    let started = span.span_context();
    let own = started.is_valid() && started.span_id() != parent.span().span_context().span_id();
    own.then_some(span)
}

/// Whether the tracer is a no-op: that hands on the ids even of a context in which the others start nothing.
pub(super) fn is_noop_tracer(tracer: &BoxedTracer) -> bool {
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

/// Whether the meter has nothing to keep a measurement in, as the API's no-op.
pub(super) fn is_noop_meter(meter: &Meter) -> bool {
    size_of_val(meter.u64_counter("").instrument_provider) == 0
}
