//! How the carrier and the propagator of this crate treat several `traceparent` lines as none.

/// The key with which a propagator finds out that the `get` of [`Headers`](crate::carrier::Headers) shows
/// several `traceparent` lines as one unreadable line. The propagator then need not read a list, which would
/// allocate.
///
/// It is a static because it is compared by its address. The text of a constant can have several addresses.
pub(crate) static ONE_LINE_OR_NONE: &str = "throughline-one-line-or-none";

/// Returns whether the answer is from [`Headers`](crate::carrier::Headers), and not a header of that name
/// that a peer sent.
pub(crate) fn is_one_line_or_none(answer: &str) -> bool {
    std::ptr::eq(answer, ONE_LINE_OR_NONE)
}
