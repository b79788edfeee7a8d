//! The header that a floor sends.

use http::HeaderValue;
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;

/// Formats the `traceparent` of a context with one allocation, for its value.
#[must_use]
pub fn traceparent(context: &Context) -> Option<HeaderValue> {
    let span = context.span();
    let span = span.span_context();
    let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
    hex(&mut text[3..35], &span.trace_id().to_bytes());
    hex(&mut text[36..52], &span.span_id().to_bytes());
    hex(&mut text[53..], &[span.trace_flags().to_u8()]);
    HeaderValue::from_bytes(&text).ok()
}

fn hex(digits: &mut [u8], bytes: &[u8]) {
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        pair[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
        pair[1] = b"0123456789abcdef"[usize::from(byte & 15)];
    }
}
