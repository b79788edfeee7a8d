//! The receiver of OTLP (<https://opentelemetry.io/docs/specs/otlp/>).

pub(crate) mod grpc;
pub(crate) mod http;
mod partial;

/// The maximum size of a request after decompression, as the specification recommends.
const MAX_REQUEST_BYTES: usize = 64 << 20;
