//! The reply to a request.

use std::time::Duration;

/// The reply to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    not(all(feature = "otlp-grpc", feature = "otlp-http")),
    expect(dead_code, reason = "each protocol constructs only some variants")
)]
pub(crate) enum CollectorReply {
    /// An HTTP response.
    Http {
        status: u16,
        reason: &'static str,
        /// Whether it is an HTML page.
        is_page: bool,
        retry_after: Option<Duration>,
        /// The message in the body, if it is text.
        message: String,
        partial: PartialSuccess,
    },
    /// A gRPC status, with a code such as `Ok` or `Unauthenticated`.
    Grpc {
        code: String,
        retry_after: Option<Duration>,
        message: String,
        partial: PartialSuccess,
    },
    /// No readable response, and the reason.
    None(String),
}

/// The items of an accepted request that a collector rejected
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PartialSuccess {
    /// Spans, log records or data points.
    pub(crate) rejected: u64,
    /// The reason. If no items are rejected, it is a message from the collector.
    pub(crate) message: String,
}
