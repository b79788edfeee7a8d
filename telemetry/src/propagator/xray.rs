//! The AWS X-Ray header
//! (<https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>).

use opentelemetry::Context;
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceFlags};
use opentelemetry_aws::trace::XrayPropagator;

use crate::decision::Decision;

/// Wraps the contrib crate's propagator, which stores a deferred decision (`Sampled=?`, or none) in a flag of
/// the span context. Samplers interpret that flag as not sampled, and it has another meaning in W3C Trace
/// Context.
#[derive(Debug)]
pub(super) struct XRay(XrayPropagator);

impl XRay {
    pub(super) fn new() -> Self {
        Self(XrayPropagator::new())
    }
}

impl TextMapPropagator for XRay {
    fn inject_context(&self, cx: &Context, injector: &mut dyn Injector) {
        if Decision::to_send(cx) == Some(Decision::Defer) {
            let deferred = with_flags(cx.span().span_context(), DEFERRED);
            self.0
                .inject_context(&cx.with_remote_span_context(deferred), injector);
        } else {
            self.0.inject_context(cx, injector);
        }
    }

    fn extract_with_context(&self, cx: &Context, extractor: &dyn Extractor) -> Context {
        let found = self.0.extract_with_context(&Context::new(), extractor);
        let span = found.span();
        let remote = span.span_context();
        if !remote.is_valid() {
            return cx.clone();
        }
        if remote.trace_flags() & DEFERRED == DEFERRED {
            let remote = with_flags(remote, TraceFlags::SAMPLED);
            return Decision::Defer.with_remote(cx, remote);
        }
        cx.with_remote_span_context(remote.clone())
    }

    fn fields(&self) -> FieldIter<'_> {
        self.0.fields()
    }
}

fn with_flags(span: &SpanContext, flags: TraceFlags) -> SpanContext {
    let (trace, id, state) = (span.trace_id(), span.span_id(), span.trace_state().clone());
    SpanContext::new(trace, id, flags, true, state)
}

/// The contrib crate's flag.
const DEFERRED: TraceFlags = TraceFlags::new(0x02);
