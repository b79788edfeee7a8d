//! OTLP transport: a connection that sends an encoded request over gRPC or HTTP and returns the reply.
//!
//! The transports of `opentelemetry-otlp` are not used, because they do not report rejected items and their
//! reason, and do not limit the size of a request.

mod advice;
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
mod runtime;
mod tls_advice;

use advice::speaks;
pub(crate) use advice::{HEADERS, NO_GRPC, connection_advice, is_late, speaks_http1};
pub(crate) use connection::{Connection, Connector};
pub(crate) use reply::{CollectorReply, PartialSuccess};
pub(crate) use request::OtlpRequest;
pub(crate) use tls_advice::tls_advice;

/// The maximum bytes of a response that are read. A collector's response has a few hundred bytes. A longer
/// response must not cause a retry.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
