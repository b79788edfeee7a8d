//! B3, the format of Zipkin and of older service meshes (<https://github.com/openzipkin/b3-propagation>).
//! Both forms are read, the single header first, and one is written.
//!
//! | | `b3` | several headers |
//! |---|---|---|
//! | ids | `trace-span` | `X-B3-TraceId`, `X-B3-SpanId` |
//! | deny; accept | `-0`; `-1` | `X-B3-Sampled: 0`; `1` |
//! | debug | `-d` | `X-B3-Flags: 1`, and no `X-B3-Sampled` |
//! | deferred to the receiver | nothing | nothing |
//! | the parent's id | ignored and never written, because spans have their own ids | the same |
//!
//! A decision can arrive without ids. Malformed headers are ignored.

use opentelemetry::Context;
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};

use super::ids::{current, remote};
use crate::decision::Decision;

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
            fields: [TRACE, SPAN, SAMPLED, FLAGS].map(str::to_owned).into(),
            is_single: false,
        }
    }
}

impl TextMapPropagator for B3 {
    fn inject_context(&self, cx: &Context, injector: &mut dyn Injector) {
        let Some(decision) = Decision::to_send(cx) else {
            return;
        };
        let ids = current(cx).map(|span| (span.trace_id().to_string(), span.span_id().to_string()));
        if self.is_single {
            let state = match decision {
                Decision::Defer => None,
                Decision::Deny => Some("0"),
                Decision::Accept => Some("1"),
                Decision::Debug => Some("d"),
            };
            let (trace, span) = ids.unzip();
            let parts: Vec<&str> = [trace.as_deref(), span.as_deref(), state]
                .into_iter()
                .flatten()
                .collect();
            if !parts.is_empty() {
                injector.set(SINGLE, parts.join("-"));
            }
            return;
        }
        if let Some((trace, span)) = ids {
            injector.set(TRACE, trace);
            injector.set(SPAN, span);
        }
        match decision {
            Decision::Defer => {}
            Decision::Deny => injector.set(SAMPLED, "0".into()),
            Decision::Accept => injector.set(SAMPLED, "1".into()),
            Decision::Debug => injector.set(FLAGS, "1".into()),
        }
    }

    fn extract_with_context(&self, cx: &Context, extractor: &dyn Extractor) -> Context {
        let found = extractor.get(SINGLE).and_then(single);
        let found = found.or_else(|| multi(extractor));
        found.map_or_else(|| cx.clone(), |found| found.with(cx))
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&self.fields)
    }
}

/// The fields of a caller.
struct B3Fields<'a> {
    /// The ids of the trace and the span.
    ids: Option<(&'a str, &'a str)>,
    decision: Decision,
}

impl B3Fields<'_> {
    /// Returns `cx` with the caller's fields, or unchanged if the ids are invalid.
    fn with(&self, cx: &Context) -> Context {
        let Some((trace, span)) = self.ids else {
            return self.decision.without_trace(cx);
        };
        match remote(trace, span, self.decision.is_sampled()) {
            Some(remote) => self.decision.with_remote(cx, remote),
            None => cx.clone(),
        }
    }
}

fn single(header: &str) -> Option<B3Fields<'_>> {
    let mut parts = header.trim().split('-');
    let first = parts.next()?;
    let Some(span) = parts.next() else {
        let decision = state(first)?;
        return Some(B3Fields { ids: None, decision });
    };
    let decision = match parts.next() {
        Some(text) => state(text)?,
        None => Decision::Defer,
    };
    let _parent = parts.next();
    let found = B3Fields {
        ids: Some((first, span)),
        decision,
    };
    parts.next().is_none().then_some(found)
}

fn multi(extractor: &dyn Extractor) -> Option<B3Fields<'_>> {
    let is_debug = extractor.get(FLAGS).is_some_and(|flags| flags.trim() == "1");
    let decision = match extractor.get(SAMPLED) {
        _ if is_debug => Decision::Debug,
        Some(text) => state(text.trim()).filter(|decision| *decision != Decision::Debug)?,
        None => Decision::Defer,
    };
    let ids = match (extractor.get(TRACE), extractor.get(SPAN)) {
        (Some(trace), Some(span)) => Some((trace.trim(), span.trim())),
        (None, None) if decision != Decision::Defer => None,
        _ => return None,
    };
    Some(B3Fields { ids, decision })
}

/// Parses a sampling state. Older tracers write words.
fn state(text: &str) -> Option<Decision> {
    Some(match text {
        "0" | "false" => Decision::Deny,
        "1" | "true" => Decision::Accept,
        "d" => Decision::Debug,
        _ => return None,
    })
}

const SINGLE: &str = "b3";
const TRACE: &str = "x-b3-traceid";
const SPAN: &str = "x-b3-spanid";
const SAMPLED: &str = "x-b3-sampled";
const FLAGS: &str = "x-b3-flags";
