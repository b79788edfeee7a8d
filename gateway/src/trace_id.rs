//! Random identifiers of requests, and of traces for requests without a `traceparent`.

use http::{HeaderMap, HeaderName, HeaderValue};
use throughline::opentelemetry::Context;
use throughline::opentelemetry::trace::TraceContextExt;

/// Returns a random identifier of 32 hexadecimal digits.
pub(crate) fn random_id() -> String {
    format!("{:032x}", fastrand::u128(1..))
}

/// Returns a `traceparent` of a new trace that is not sampled.
pub(crate) fn unsampled() -> HeaderValue {
    let text = format!("00-{}-{:016x}-00", random_id(), fastrand::u64(1..));
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Adds a `traceparent` if the request has none and the gateway records no trace, so that a request can be
/// found in the logs of the provider.
pub(crate) fn mint_if_untraced(headers: &mut HeaderMap) {
    if !headers.contains_key(TRACEPARENT) && current().is_none() {
        headers.insert(TRACEPARENT, unsampled());
    }
}

/// Returns the trace id of the current context.
pub(crate) fn current() -> Option<String> {
    Context::map_current(|cx| {
        let span = cx.span();
        let span = span.span_context();
        span.is_valid().then(|| span.trace_id().to_string())
    })
}

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
