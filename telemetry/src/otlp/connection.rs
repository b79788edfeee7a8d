//! A way to a collector, whichever its protocol.

use std::time::Duration;

use ::http::HeaderMap;
use opentelemetry_http::Bytes;

use super::{CollectorReply, Runtime, grpc, http};
use crate::config::OtlpTarget;
use crate::config::Protocol;
use crate::error::InitError;

/// A way to a collector. Requests are sent one at a time, and each call blocks until its answer or its timeout.
#[derive(Debug)]
pub(crate) enum Connection {
    Grpc(grpc::Grpc),
    Http(http::Http),
}

/// An encoded request.
#[derive(Debug)]
pub(crate) struct Post<'a> {
    /// The user's headers.
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) is_gzip: bool,
    /// How long the exchange may take.
    pub(crate) timeout: Duration,
}

impl Connection {
    /// Nothing is sent yet. gRPC needs the runtime, which is started by the first that needs it.
    pub(crate) fn new(target: &OtlpTarget, runtime: &mut Option<Runtime>) -> Result<Self, InitError> {
        match target.protocol {
            Protocol::Grpc => grpc::Grpc::new(target, runtime).map(Self::Grpc),
            Protocol::HttpProtobuf | Protocol::HttpJson => http::Http::new(target).map(Self::Http),
        }
    }

    pub(crate) fn send(&self, post: Post<'_>) -> CollectorReply {
        match self {
            Self::Grpc(grpc) => grpc.send(post),
            Self::Http(http) => http.send(post),
        }
    }
}

/// The most bytes that are read of an answer. A collector's own is a few hundred; what is longer is no reason to send
/// the same spans again.
pub(super) const MAX_ANSWER_BYTES: usize = 64 * 1024;
