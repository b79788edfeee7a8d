//! Headers as text, and a trip through the propagator.

use std::collections::HashMap;

use http::{HeaderMap, HeaderName, HeaderValue, Request};
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

/// The context that such a `traceparent` brings.
pub(crate) fn remote(flags: &str) -> Context {
    w3c().extract(&headers(&[("traceparent", traceparent(flags))]), &Context::new())
}

/// A request that brings them.
pub(crate) fn request(lines: &[(&'static str, String)]) -> Request<()> {
    let mut request = Request::get("http://svc.internal/").body(()).expect("a request");
    *request.headers_mut() = headers(lines);
    request
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

/// The headers in OpenTelemetry's own carrier.
pub(crate) fn string_map(headers: &HeaderMap) -> HashMap<String, String> {
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().expect("ASCII").to_owned()))
        .collect()
}
