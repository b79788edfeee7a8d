//! Jaeger's own header (<https://www.jaegertracing.io/docs/1.62/client-libraries/#propagation-format>).

use opentelemetry::Context;
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceContextExt};

use super::ids::{current, remote};

/// `uber-trace-id`, in which the colons may be percent-encoded.
#[derive(Debug)]
pub(super) struct Jaeger {
    fields: [String; 1],
}

impl Jaeger {
    pub(super) fn new() -> Self {
        Self {
            fields: [HEADER.to_owned()],
        }
    }
}

impl TextMapPropagator for Jaeger {
    fn inject_context(&self, cx: &Context, injector: &mut dyn Injector) {
        if let Some(span) = current(cx) {
            let flags = u8::from(span.is_sampled());
            injector.set(
                HEADER,
                format!("{}:{}:0:{flags}", span.trace_id(), span.span_id()),
            );
        }
    }

    fn extract_with_context(&self, cx: &Context, extractor: &dyn Extractor) -> Context {
        let found = extractor.get(HEADER).and_then(parse);
        found.map_or_else(|| cx.clone(), |remote| cx.with_remote_span_context(remote))
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&self.fields)
    }
}

fn parse(header: &str) -> Option<SpanContext> {
    let header = header.replace("%3A", ":").replace("%3a", ":");
    let mut parts = header.trim().split(':');
    let (trace, span, _parent) = (parts.next()?, parts.next()?, parts.next()?);
    let flags = u8::from_str_radix(parts.next()?, 16).ok()?;
    if parts.next().is_some() {
        None
    } else {
        remote(trace, span, flags & 1 == 1)
    }
}

const HEADER: &str = "uber-trace-id";
