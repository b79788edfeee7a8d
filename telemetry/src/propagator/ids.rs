//! Trace and span ids of variable length, for older formats.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};

/// Parses the remote parent of a header. Returns `None` if an id is not hexadecimal, too long or zero.
pub(super) fn remote(trace: &str, span: &str, is_sampled: bool) -> Option<SpanContext> {
    let trace = TraceId::from(u128::from_str_radix(hexadecimal(trace, 32)?, 16).ok()?);
    let span = SpanId::from(u64::from_str_radix(hexadecimal(span, 16)?, 16).ok()?);
    let flags = if is_sampled {
        TraceFlags::SAMPLED
    } else {
        TraceFlags::default()
    };
    let remote = SpanContext::new(trace, span, flags, true, TraceState::NONE);
    remote.is_valid().then_some(remote)
}

/// Returns the span whose ids are to be written, if there is one.
pub(super) fn current(cx: &Context) -> Option<SpanContext> {
    let span = cx.span().span_context().clone();
    span.is_valid().then_some(span)
}

/// Checks for hexadecimal digits only, because `from_str_radix` also accepts a sign.
fn hexadecimal(text: &str, longest: usize) -> Option<&str> {
    let fits = (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then_some(text)
}
