//! B3, as Zipkin and older meshes speak it (<https://github.com/openzipkin/b3-propagation>). Both forms are read, one is
//! written.

use opentelemetry::Context;
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceContextExt};

use super::ids::{current, remote};

/// B3 in one header or in several.
#[derive(Debug)]
pub(super) struct B3 {
    fields: Vec<String>,
    is_single: bool,
}

impl B3 {
    pub(super) fn single() -> Self {
        Self {
            fields: vec![SINGLE.into()],
            is_single: true,
        }
    }

    pub(super) fn multi() -> Self {
        Self {
            fields: [TRACE, SPAN, SAMPLED].map(str::to_owned).into(),
            is_single: false,
        }
    }
}

impl TextMapPropagator for B3 {
    fn inject_context(&self, cx: &Context, injector: &mut dyn Injector) {
        let Some(span) = current(cx) else { return };
        let (trace, id) = (span.trace_id(), span.span_id());
        let sampled = if span.is_sampled() { "1" } else { "0" };
        if self.is_single {
            injector.set(SINGLE, format!("{trace}-{id}-{sampled}"));
        } else {
            injector.set(TRACE, trace.to_string());
            injector.set(SPAN, id.to_string());
            injector.set(SAMPLED, sampled.into());
        }
    }

    fn extract_with_context(&self, cx: &Context, extractor: &dyn Extractor) -> Context {
        let found = extractor
            .get(SINGLE)
            .and_then(single)
            .or_else(|| multi(extractor));
        found.map_or_else(|| cx.clone(), |remote| cx.with_remote_span_context(remote))
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&self.fields)
    }
}

fn single(header: &str) -> Option<SpanContext> {
    let mut parts = header.trim().split('-');
    let (trace, span) = (parts.next()?, parts.next()?);
    remote(trace, span, is_sampled(parts.next()))
}

fn multi(extractor: &dyn Extractor) -> Option<SpanContext> {
    let sampled = if extractor.get(FLAGS) == Some("1") {
        Some("d")
    } else {
        extractor.get(SAMPLED)
    };
    remote(
        extractor.get(TRACE)?.trim(),
        extractor.get(SPAN)?.trim(),
        is_sampled(sampled),
    )
}

/// A decision that was left to us is to record.
fn is_sampled(decision: Option<&str>) -> bool {
    !matches!(decision.map(str::trim), Some("0" | "false"))
}

const SINGLE: &str = "b3";
const TRACE: &str = "x-b3-traceid";
const SPAN: &str = "x-b3-spanid";
const SAMPLED: &str = "x-b3-sampled";
const FLAGS: &str = "x-b3-flags";
