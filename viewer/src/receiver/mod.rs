//! The receiver of OTLP (<https://opentelemetry.io/docs/specs/otlp/>).

pub(crate) mod grpc;
pub(crate) mod http;
mod partial;

use std::time::Duration;

/// The maximum size of a request after decompression, as the specification recommends.
const MAX_REQUEST_BYTES: usize = 64 << 20;
/// The maximum number of requests that are read at the same time.
const MAX_REQUESTS: usize = 8;
/// The time for a body to arrive.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
