//! A connection to a collector, over gRPC or HTTP.

#[cfg(feature = "otlp-grpc")]
use super::grpc::Grpc;
#[cfg(feature = "otlp-http")]
use super::http::Http;
use super::runtime::Runtime;
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

/// Creates connections, and owns their runtime. The first connection starts it.
#[derive(Debug, Default)]
pub(crate) struct Connector {
    runtime: Option<Runtime>,
}

impl Connector {
    /// Prepares a connection. Nothing is sent yet.
    pub(crate) fn connect(&mut self, target: &OtlpTarget) -> Result<Connection, InitError> {
        match target.protocol {
            #[cfg(feature = "otlp-grpc")]
            Protocol::Grpc => Grpc::new(target, &mut self.runtime).map(Connection::Grpc),
            #[cfg(feature = "otlp-http")]
            Protocol::HttpProtobuf | Protocol::HttpJson => {
                Http::new(target, &mut self.runtime).map(Connection::Http)
            }
            #[cfg(not(all(feature = "otlp-grpc", feature = "otlp-http")))]
            protocol => Err(protocol.feature().error(target)),
        }
    }
}
