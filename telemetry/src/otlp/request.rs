//! A request to a collector.

use std::time::Duration;

use ::http::HeaderMap;
use bytes::Bytes;

/// An encoded request.
#[derive(Debug, Clone)]
pub(crate) struct OtlpRequest<'a> {
    /// The user's headers.
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) is_gzip: bool,
    /// The time limit of the exchange.
    pub(crate) timeout: Duration,
}
