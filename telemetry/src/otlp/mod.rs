//! OTLP on the wire: a connection that takes an encoded request and returns what came back, by gRPC or by HTTP.
//!
//! `opentelemetry-otlp` makes the requests; its own transports are not used, because they return neither what a collector
//! rejected nor why, and send a request of any size.

#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
mod answer;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
mod connection;
#[cfg_attr(not(feature = "otlp-grpc"), path = "grpc_absent.rs")]
mod grpc;
#[cfg_attr(not(feature = "otlp-http"), path = "http_absent.rs")]
mod http;
#[cfg(feature = "otlp-http")]
mod refusal;
mod reply;
#[cfg(feature = "otlp-grpc")]
mod retry_info;
mod tls_advice;

#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
pub(crate) use connection::{Connection, Post};
pub(crate) use grpc::Runtime;
pub(crate) use reply::CollectorReply;
#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
pub(crate) use reply::Partial;
pub(crate) use tls_advice::{USE_HTTP, tls_advice};

#[cfg(not(all(feature = "otlp-grpc", feature = "otlp-http")))]
pub(crate) fn missing(target: &crate::config::OtlpTarget) -> crate::error::InitError {
    let feature = match target.protocol {
        crate::config::Protocol::Grpc => "otlp-grpc",
        crate::config::Protocol::HttpProtobuf | crate::config::Protocol::HttpJson => "otlp-http",
    };
    crate::error::InitError::exporter(format!(
        "{target} needs the feature \"{feature}\" of throughline-telemetry, which is not compiled in"
    ))
}
