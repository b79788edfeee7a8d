//! OTLP on the wire: a connection that takes an encoded request and returns what came back, by gRPC or by
//! HTTP.
//!
//! `opentelemetry-otlp` encodes the requests. Its own transports are not used, because they return neither
//! what a collector rejected nor why, and send a request of any size.

mod answer;
mod connection;
#[cfg(feature = "otlp-grpc")]
mod grpc;
#[cfg(all(feature = "otlp-grpc", feature = "tls"))]
mod grpc_tls;
#[cfg(feature = "otlp-http")]
mod http;
#[cfg(all(feature = "otlp-http", feature = "tls"))]
mod http_tls;
#[cfg(feature = "otlp-http")]
mod refusal;
mod reply;
mod request;
#[cfg(feature = "otlp-grpc")]
mod retry_info;
mod tls_advice;

pub(crate) use connection::{Connection, Connector};
pub(crate) use reply::{CollectorReply, PartialSuccess};
pub(crate) use request::OtlpRequest;
pub(crate) use tls_advice::{USE_HTTP, tls_advice};

/// The maximum bytes of a response that are read. A collector's own response has a few hundred. A longer one
/// must not cause the same spans to be sent again.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
