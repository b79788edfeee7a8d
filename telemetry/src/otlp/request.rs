//! What is sent to a collector.

use std::time::Duration;

use ::http::HeaderMap;
use opentelemetry_http::Bytes;

/// An encoded request.
#[derive(Debug)]
pub(crate) struct OtlpRequest<'a> {
    /// The user's headers.
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) is_gzip: bool,
    /// How long the exchange may take.
    pub(crate) timeout: Duration,
}
