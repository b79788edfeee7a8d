//! The encoding and the headers of requests.

use std::io;
#[cfg(feature = "gzip")]
use std::io::{Read, Write};

use bytes::Bytes;
#[cfg(feature = "gzip")]
use flate2::{read::GzDecoder, write::GzEncoder};
use http::header::{CONTENT_ENCODING, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use opentelemetry_http::HttpError;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

use crate::config::{Compression, OtlpTarget, Protocol};
use crate::error::InitError;
use crate::signal::Signal;

/// A request that can be encoded.
#[cfg(feature = "otlp-json")]
pub(super) trait OtlpMessage: Message + Default + serde_core::Serialize {}

/// A request that can be encoded.
#[cfg(not(feature = "otlp-json"))]
pub(super) trait OtlpMessage: Message + Default {}

impl OtlpMessage for ExportTraceServiceRequest {}
impl OtlpMessage for ExportLogsServiceRequest {}
impl OtlpMessage for ExportMetricsServiceRequest {}

/// The encoding of requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestEncoding {
    /// Without the feature `otlp-json`, the configuration refuses JSON.
    pub(super) is_json: bool,
    pub(super) is_gzip: bool,
}

impl RequestEncoding {
    pub(super) fn new(target: &OtlpTarget) -> Self {
        Self {
            is_json: target.protocol == Protocol::HttpJson,
            is_gzip: target.compression == Compression::Gzip,
        }
    }

    /// Encodes a message, or only measures it if its size exceeds the limit.
    pub(super) fn message<M: OtlpMessage>(self, message: &M, limit: usize) -> Result<Bytes, TooLarge> {
        if self.is_json {
            return json(message, limit);
        }
        match message.encoded_len() {
            bytes if bytes > limit => Err(TooLarge { bytes }),
            _ => Ok(message.encode_to_vec().into()),
        }
    }

    /// Converts an exporter's protobuf to this encoding, whatever its size.
    pub(super) fn convert(self, signal: Signal, protobuf: Bytes) -> Result<Bytes, HttpError> {
        let converted = match signal {
            _ if !self.is_json => return Ok(protobuf),
            Signal::Traces => self.message(&ExportTraceServiceRequest::decode(protobuf)?, usize::MAX),
            Signal::Logs => self.message(&ExportLogsServiceRequest::decode(protobuf)?, usize::MAX),
            Signal::Metrics => self.message(&ExportMetricsServiceRequest::decode(protobuf)?, usize::MAX),
        };
        Ok(converted.unwrap_or_default())
    }

    /// Compresses a body, if compression is configured.
    pub(super) fn pack(self, body: Bytes) -> io::Result<Bytes> {
        if self.is_gzip {
            return gzip(&body);
        }
        Ok(body)
    }
}

#[cfg(feature = "otlp-json")]
fn json<M: OtlpMessage>(message: &M, limit: usize) -> Result<Bytes, TooLarge> {
    // Every OTLP message can be encoded as JSON. If one could not, it would be dropped as too large.
    let json = serde_json::to_vec(message).map_err(|_| TooLarge { bytes: 0 })?;
    match json.len() {
        bytes if bytes > limit => Err(TooLarge { bytes }),
        _ => Ok(json.into()),
    }
}

/// The configuration refuses JSON, so this is not called.
#[cfg(not(feature = "otlp-json"))]
fn json<M: OtlpMessage>(_: &M, _: usize) -> Result<Bytes, TooLarge> {
    Err(TooLarge { bytes: 0 })
}

#[cfg(feature = "gzip")]
fn gzip(body: &[u8]) -> io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body)?;
    Ok(encoder.finish()?.into())
}

/// The configuration refuses gzip, so this is not called.
#[cfg(not(feature = "gzip"))]
fn gzip(_: &[u8]) -> io::Result<Bytes> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "the feature `gzip` is disabled",
    ))
}

/// Returns the body of an exporter's request. Its headers are not used, because they include ignored
/// variables and those of other signals.
pub(super) fn body(request: Request<Bytes>) -> Result<Bytes, HttpError> {
    let (head, body) = request.into_parts();
    match head.headers.get(CONTENT_ENCODING) {
        None => Ok(body),
        // Another crate may have enabled compression in the exporter, and a variable selects it.
        #[cfg(feature = "gzip")]
        Some(encoding) if encoding == "gzip" => {
            let mut unpacked = Vec::new();
            GzDecoder::new(&*body).read_to_end(&mut unpacked)?;
            Ok(unpacked.into())
        }
        Some(encoding) => Err(format!("OTEL_EXPORTER_OTLP_COMPRESSION={encoding:?} is not supported").into()),
    }
}

/// The error of a message that exceeds the limit of a request in this encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLarge {
    pub(super) bytes: usize,
}

/// Returns the headers of requests: the configured ones, and the agent unless it is one of them.
pub(super) fn headers(target: &OtlpTarget) -> Result<HeaderMap, InitError> {
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    for (name, mut value) in target.headers.parsed::<HeaderName, HeaderValue>()? {
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

/// The exporter, its version and its language
/// (<https://opentelemetry.io/docs/specs/otel/protocol/exporter/#user-agent>).
const AGENT: &str = concat!("throughline-telemetry/", env!("CARGO_PKG_VERSION"), " (Rust)");
