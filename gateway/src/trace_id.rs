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
    let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
    let [_, _, _, trace_id @ .., _, _, _] = &mut text;
    let (trace_id, span_id) = trace_id.split_at_mut(TRACE_ID_DIGITS);
    write_hexadecimal(fastrand::u128(1..), trace_id);
    if let Some(span_id) = span_id.get_mut(1..) {
        write_hexadecimal(fastrand::u64(1..).into(), span_id);
    }
    header(&text)
}

/// Writes the last digits of a number, two at a time. Much cheaper than `format!`, and done for every request.
fn write_hexadecimal(number: u128, digits: &mut [u8]) {
    for (pair, byte) in digits.rchunks_exact_mut(2).zip(number.to_le_bytes()) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 0xf)]);
    }
}

fn digit(value: u8) -> u8 {
    value + if value < 10 { b'0' } else { b'a' - 10 }
}

/// Returns a random identifier as the value of a header.
pub(crate) fn random_header() -> HeaderValue {
    let mut id = [b'0'; TRACE_ID_DIGITS];
    write_hexadecimal(fastrand::u128(1..), &mut id);
    header(&id)
}

fn header(text: &[u8]) -> HeaderValue {
    // Digits and dashes are always a value.
    HeaderValue::from_bytes(text).unwrap_or_else(|_| HeaderValue::from_static("0"))
}

/// Adds a `traceparent` if the request has none and the gateway records no trace, so that a request can be
/// found in the logs of the provider.
pub(crate) fn mint_if_untraced(headers: &mut HeaderMap) {
    let is_traced = || Context::map_current(|cx| cx.span().span_context().is_valid());
    if !is_traced() && !headers.contains_key(TRACEPARENT) {
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
const TRACE_ID_DIGITS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_hexadecimal() {
        let mut digits = [0; 8];
        write_hexadecimal(0x0001_23ab_cdef, &mut digits);
        assert_eq!(&digits, b"23abcdef", "the last digits");
        let id = random_header();
        let id = id.to_str().expect("text");
        assert!(
            id.len() == 32 && id.bytes().all(|digit| b"0123456789abcdef".contains(&digit)),
            "an id: {id}"
        );
        let text = unsampled();
        let parts: Vec<_> = text.to_str().expect("text").split('-').collect();
        let [version, trace_id, span_id, flags] = *parts else {
            panic!("four parts: {parts:?}");
        };
        assert_eq!(
            (version, trace_id.len(), span_id.len(), flags),
            ("00", 32, 16, "00"),
            "{text:?}"
        );
        let is_zero = |id: &str| id.bytes().all(|digit| digit == b'0');
        assert!(!is_zero(trace_id) && !is_zero(span_id), "both are set: {text:?}");
    }
}
