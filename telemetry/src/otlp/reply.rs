//! What comes back for a request.

use std::time::Duration;

/// What came back for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    not(all(feature = "otlp-grpc", feature = "otlp-http")),
    expect(dead_code, reason = "each protocol answers in its own way")
)]
pub(crate) enum CollectorReply {
    /// An answer by HTTP.
    Http {
        status: u16,
        reason: &'static str,
        /// Whether it is a page for people.
        is_page: bool,
        retry_after: Option<Duration>,
        /// The message in the body, if it is text.
        message: String,
        partial: PartialSuccess,
    },
    /// A status of gRPC, whose code is as `Ok` or `Unauthenticated`.
    Grpc {
        code: String,
        retry_after: Option<Duration>,
        message: String,
        partial: PartialSuccess,
    },
    /// No answer, or none that could be read, and why.
    None(String),
}

/// The part of an accepted request that a collector rejected
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PartialSuccess {
    /// Spans, log records or data points.
    pub(crate) rejected: u64,
    /// Why; with nothing rejected it is advice.
    pub(crate) message: String,
}
