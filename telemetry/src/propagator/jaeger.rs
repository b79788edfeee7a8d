//! Jaeger's native headers (<https://www.jaegertracing.io/docs/1.62/client-libraries/#propagation-format>).
//!
//! | header | content |
//! |---|---|
//! | `uber-trace-id` | `trace:span:parent:flags`; colons can be percent-encoded; the parent is deprecated and written as 0 |
//! | `uberctx-NAME` | an entry of the baggage, percent-encoded |
//!
//! The flags are 1 for sampled, 2 for debug (which implies sampled), and 8 for a trace that the backend
//! should not index. Flag 8 is forwarded.

use opentelemetry::baggage::{Baggage, BaggageExt};
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceId};
use opentelemetry::{Context, KeyValue};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::ids::{current, remote};
use crate::decision::Decision;

/// `uber-trace-id` and baggage.
#[derive(Debug)]
pub(super) struct Jaeger {
    fields: [String; 1],
}

/// A caller's request not to index its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Firehose(TraceId);

impl Jaeger {
    pub(super) fn new() -> Self {
        Self {
            fields: [HEADER.to_owned()],
        }
    }
}

impl TextMapPropagator for Jaeger {
    fn inject_context(&self, cx: &Context, injector: &mut dyn Injector) {
        for (name, (value, _)) in cx.baggage() {
            let value = utf8_percent_encode(value.as_str(), NON_ALPHANUMERIC);
            injector.set(&format!("{BAGGAGE}{name}"), value.to_string());
        }
        let Some(span) = current(cx) else { return };
        // The format has no flag for a deferred decision, so it is sent as sampled.
        let flags = match Decision::to_send(cx) {
            Some(Decision::Debug) => SAMPLED | DEBUG,
            Some(Decision::Accept | Decision::Defer) => SAMPLED,
            Some(Decision::Deny) | None => 0,
        };
        let is_firehose = cx.get::<Firehose>() == Some(&Firehose(span.trace_id()));
        let flags = if is_firehose { flags | FIREHOSE } else { flags };
        injector.set(
            HEADER,
            format!("{}:{}:0:{flags:x}", span.trace_id(), span.span_id()),
        );
    }

    fn extract_with_context(&self, cx: &Context, extractor: &dyn Extractor) -> Context {
        let found = extractor.get(HEADER).and_then(parse);
        let cx = found.map_or_else(|| cx.clone(), |(remote, flags)| with_remote(cx, remote, flags));
        let entries = entries(extractor);
        if entries.is_empty() {
            return cx;
        }
        let mut baggage = Baggage::new();
        for (name, (value, metadata)) in cx.baggage() {
            baggage.insert_with_metadata(name.clone(), value.clone(), metadata.clone());
        }
        for KeyValue { key, value, .. } in entries {
            baggage.insert(key, value.to_string());
        }
        cx.with_baggage(baggage)
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&self.fields)
    }
}

fn with_remote(cx: &Context, remote: SpanContext, flags: u8) -> Context {
    let trace = remote.trace_id();
    let decision = match flags {
        _ if flags & DEBUG != 0 => Decision::Debug,
        _ if flags & SAMPLED != 0 => Decision::Accept,
        _ => Decision::Deny,
    };
    let cx = decision.with_remote(cx, remote);
    if flags & FIREHOSE == 0 {
        cx
    } else {
        cx.with_value(Firehose(trace))
    }
}

fn parse(header: &str) -> Option<(SpanContext, u8)> {
    let header = header.replace("%3A", ":").replace("%3a", ":");
    let mut parts = header.trim().split(':');
    let (trace, span, _parent) = (parts.next()?, parts.next()?, parts.next()?);
    let flags = u8::from_str_radix(parts.next()?, 16).ok()?;
    if parts.next().is_some() {
        return None;
    }
    let is_sampled = flags & (SAMPLED | DEBUG) != 0;
    Some((remote(trace, span, is_sampled)?, flags))
}

/// Returns the caller's baggage, with the limits of the W3C header.
fn entries(extractor: &dyn Extractor) -> Vec<KeyValue> {
    let mut bytes = 0;
    let entry = |key: &str| {
        let prefix = key.get(..BAGGAGE.len())?;
        let name = key.get(BAGGAGE.len()..).filter(|name| !name.is_empty())?;
        if !prefix.eq_ignore_ascii_case(BAGGAGE) {
            return None;
        }
        let value = extractor.get(key)?;
        let value = percent_decode_str(value).decode_utf8().ok()?;
        bytes += name.len() + value.len();
        (bytes <= MAX_BAGGAGE_BYTES).then(|| KeyValue::new(name.to_owned(), value.into_owned()))
    };
    extractor
        .keys()
        .into_iter()
        .filter_map(entry)
        .take(MAX_BAGGAGE_ENTRIES)
        .collect()
}

const HEADER: &str = "uber-trace-id";
const BAGGAGE: &str = "uberctx-";
const SAMPLED: u8 = 1;
const DEBUG: u8 = 2;
const FIREHOSE: u8 = 8;
/// W3C's limits (<https://www.w3.org/TR/baggage/#limits>).
const MAX_BAGGAGE_ENTRIES: usize = 64;
const MAX_BAGGAGE_BYTES: usize = 8192;
