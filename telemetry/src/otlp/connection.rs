//! A connection to a collector, over gRPC or HTTP.

#[cfg(feature = "otlp-grpc")]
use super::grpc::{Grpc, Runtime};
#[cfg(feature = "otlp-http")]
use super::http::Http;
use super::{CollectorReply, OtlpRequest};
use crate::config::{OtlpTarget, Protocol};
use crate::error::InitError;

/// A connection to a collector. Requests are sent one at a time. Each call blocks until the response or the
/// timeout.
#[derive(Debug)]
pub(crate) enum Connection {
    #[cfg(feature = "otlp-grpc")]
    Grpc(Grpc),
    #[cfg(feature = "otlp-http")]
    Http(Http),
}

impl Connection {
    pub(crate) fn send(&self, post: OtlpRequest<'_>) -> CollectorReply {
        match self {
            #[cfg(feature = "otlp-grpc")]
            Self::Grpc(grpc) => grpc.send(post),
            #[cfg(feature = "otlp-http")]
            Self::Http(http) => http.send(post),
        }
    }
}

/// Creates connections, and owns the shared gRPC runtime. The first gRPC connection starts it.
#[derive(Debug, Default)]
pub(crate) struct Connector {
    #[cfg(feature = "otlp-grpc")]
    runtime: Option<Runtime>,
}

impl Connector {
    /// Prepares a connection. Nothing is sent yet.
    #[cfg_attr(
        not(feature = "otlp-grpc"),
        expect(
            clippy::needless_pass_by_ref_mut,
            clippy::unused_self,
            reason = "HTTP connections share nothing"
        )
    )]
    pub(crate) fn connect(&mut self, target: &OtlpTarget) -> Result<Connection, InitError> {
        match target.protocol {
            #[cfg(feature = "otlp-grpc")]
            Protocol::Grpc => Grpc::new(target, &mut self.runtime).map(Connection::Grpc),
            #[cfg(feature = "otlp-http")]
            Protocol::HttpProtobuf | Protocol::HttpJson => Http::new(target).map(Connection::Http),
            #[cfg(not(all(feature = "otlp-grpc", feature = "otlp-http")))]
            protocol => Err(protocol.feature().error(target)),
        }
    }
}
