//! How a carrier and a propagator of this crate agree that several `traceparent` lines are none.

/// The key by which [`Headers`](crate::carrier::Headers) says that its `get` shows several `traceparent` lines as an
/// unreadable one. A propagator then need not read a list, which would have to be allocated.
///
/// A static, because it is compared by its address, and the text of a constant may have many.
pub(crate) static ONE_LINE_OR_NONE: &str = "throughline-one-line-or-none";

/// Returns whether [`Headers`](crate::carrier::Headers) answered, and not a peer who sent a header of that name.
pub(crate) fn is_one_line_or_none(answer: &str) -> bool {
    std::ptr::eq(answer, ONE_LINE_OR_NONE)
}
