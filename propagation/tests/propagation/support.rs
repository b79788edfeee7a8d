//! Headers as text, and a trip through the propagator.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::Context;
use throughline_propagation::{Propagator, W3cPropagator};

pub(crate) const TRACE: &str = "12345678901234567890123456789012";
pub(crate) const PARENT: &str = "1234567890123456";

pub(crate) fn w3c() -> Propagator {
    Propagator::from(W3cPropagator::new())
}

/// A `traceparent` of the trace that the tests know.
pub(crate) fn traceparent(flags: &str) -> String {
    format!("00-{TRACE}-{PARENT}-{flags}")
}

pub(crate) fn headers<V: AsRef<[u8]>>(lines: &[(&'static str, V)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let value = HeaderValue::from_bytes(value.as_ref()).expect("a header value");
        headers.append(HeaderName::from_static(name), value);
    }
    headers
}

/// All lines of a header, joined by `|`.
pub(crate) fn lines(headers: &HeaderMap, name: &str) -> String {
    let lines: Vec<_> = headers
        .get_all(name)
        .iter()
        .map(|line| line.to_str().expect("ASCII"))
        .collect();
    lines.join("|")
}

/// What a context says on the wire.
pub(crate) fn written(cx: &Context) -> HeaderMap {
    let mut headers = HeaderMap::new();
    w3c().inject(cx, &mut headers);
    headers
}

/// What comes out again where these headers go in, without any span in between.
pub(crate) fn through<V: AsRef<[u8]>>(lines: &[(&'static str, V)]) -> HeaderMap {
    written(&w3c().extract(&headers(lines), &Context::new()))
}
