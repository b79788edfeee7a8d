//! What was heard of a destination.

/// What came of an export of nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    not(all(feature = "otlp-grpc", feature = "otlp-http")),
    expect(dead_code, reason = "each protocol hears in its own way")
)]
pub(crate) enum Heard {
    /// An answer by HTTP.
    Http {
        status: u16,
        reason: &'static str,
        /// Whether it is a page for people.
        is_page: bool,
        /// What the body says, if it is a line of text.
        words: String,
    },
    /// The code of an answer by gRPC, as `OK` or `Unauthenticated`.
    Grpc(String),
    /// No answer, or none that could be read, and why.
    Nothing(String),
}
