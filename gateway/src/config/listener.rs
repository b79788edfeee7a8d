//! Listeners.

use std::path::PathBuf;

use serde::Deserialize;

use super::duration::Timeout;
use super::number::{percentage, whole};

/// An address that the gateway listens on, and the limits of its requests.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Listener {
    pub(crate) name: Option<String>,
    pub(crate) address: String,
    pub(crate) tracing: ListenerTracing,
    #[serde(deserialize_with = "whole::<1, MAX_BODY_BYTES, _, _>")]
    pub(crate) max_body_bytes: u64,
    #[serde(deserialize_with = "whole::<MIN_HEADER_BYTES, MAX_HEADER_BYTES, _, _>")]
    pub(crate) max_header_bytes: usize,
    #[serde(deserialize_with = "whole::<1, MAX_CONNECTIONS, _, _>")]
    pub(crate) max_connections: usize,
    #[serde(deserialize_with = "whole::<1, MAX_CONNECTIONS, _, _>")]
    pub(crate) max_requests: usize,
    pub(crate) timeouts: Timeouts,
    pub(crate) tls: Option<Tls>,
    /// Whether `/metrics` is served. Default: on loopback addresses only.
    pub(crate) metrics: Option<bool>,
}

/// The sampling of requests that come without a `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ListenerTracing {
    #[serde(deserialize_with = "percentage")]
    pub(crate) random_sampling: f64,
}

/// The times that the parts of an exchange may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Timeouts {
    /// From the start of a connection to the end of the head of its first request.
    pub(crate) header: Timeout,
    /// From the end of an exchange to the end of the head of the next request on the connection. Clients keep
    /// connections open, and lose a request if a connection is closed while they send it.
    pub(crate) keep_alive: Timeout,
    /// Between two parts of a request's body.
    pub(crate) body: Timeout,
    /// For a part of the answer to be accepted by the client.
    pub(crate) write: Timeout,
    /// For the head of the provider's answer, for each try.
    pub(crate) first_byte: Timeout,
    /// Between two parts of the provider's answer.
    pub(crate) idle: Timeout,
}

/// The certificate of a listener, in PEM files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tls {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Default for Listener {
    fn default() -> Self {
        Self {
            name: None,
            address: "127.0.0.1:12000".to_owned(),
            tracing: ListenerTracing::default(),
            max_body_bytes: 64 * 1024 * 1024,
            max_header_bytes: 64 * 1024,
            max_connections: 20_000,
            max_requests: 20_000,
            timeouts: Timeouts::default(),
            tls: None,
            metrics: None,
        }
    }
}

impl Default for ListenerTracing {
    fn default() -> Self {
        Self {
            random_sampling: 100.0,
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            header: Timeout::new(10),
            keep_alive: Timeout::new(90),
            body: Timeout::new(30),
            write: Timeout::new(60),
            first_byte: Timeout::new(600),
            idle: Timeout::new(300),
        }
    }
}

const MAX_BODY_BYTES: u64 = 1 << 40;
const MIN_HEADER_BYTES: u64 = 8 * 1024;
const MAX_HEADER_BYTES: u64 = 1024 * 1024;
const MAX_CONNECTIONS: u64 = 1_000_000;
