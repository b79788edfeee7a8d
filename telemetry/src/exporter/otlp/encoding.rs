//! The encoding and the headers of requests.

use std::io::{Read, Write};

use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry_http::{Bytes, HttpError, Request};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde::Serialize;

use crate::config::OtlpTarget;
use crate::config::{Compression, Protocol};
use crate::error::InitError;
use crate::signal::Signal;

/// The encoding of requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestEncoding {
    pub(super) signal: Signal,
    pub(super) is_json: bool,
    pub(super) is_gzip: bool,
}

impl RequestEncoding {
    pub(super) fn new(target: &OtlpTarget) -> Self {
        Self {
            signal: target.signal,
            is_json: target.protocol == Protocol::HttpJson,
            is_gzip: target.compression == Compression::Gzip,
        }
    }

    /// Encodes a message, or only measures it if its size exceeds the limit.
    pub(super) fn message<M: Message + Serialize>(
        self,
        message: &M,
        limit: usize,
    ) -> Result<Bytes, TooLarge> {
        if self.is_json {
            // Every OTLP message can be encoded as JSON. If one could not, it would be dropped as too large.
            let json = serde_json::to_vec(message).map_err(|_| TooLarge { bytes: 0 })?;
            return if json.len() > limit {
                Err(TooLarge { bytes: json.len() })
            } else {
                Ok(json.into())
            };
        }
        match message.encoded_len() {
            bytes if bytes > limit => Err(TooLarge { bytes }),
            _ => Ok(message.encode_to_vec().into()),
        }
    }

    /// Converts protobuf to this encoding, whatever its size.
    pub(super) fn encode(self, protobuf: Bytes) -> Result<Bytes, HttpError> {
        fn json<M: Message + Default + Serialize>(protobuf: &[u8]) -> Result<Bytes, HttpError> {
            Ok(serde_json::to_vec(&M::decode(protobuf)?)?.into())
        }
        match self.signal {
            _ if !self.is_json => Ok(protobuf),
            Signal::Traces => json::<ExportTraceServiceRequest>(&protobuf),
            Signal::Logs => json::<ExportLogsServiceRequest>(&protobuf),
            Signal::Metrics => json::<ExportMetricsServiceRequest>(&protobuf),
        }
    }

    /// Compresses a body, if compression is configured.
    pub(super) fn pack(self, body: Bytes) -> Result<Bytes, HttpError> {
        if !self.is_gzip {
            return Ok(body);
        }
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&body)?;
        Ok(encoder.finish()?.into())
    }
}

/// The error of a message that exceeds the limit of a request in this encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLarge {
    pub(super) bytes: usize,
}

/// The configured headers. The headers of the SDK are not used, because they include ignored variables and
/// those of other signals.
#[derive(Debug)]
pub(super) struct RequestHeaders(Vec<(HeaderName, HeaderValue)>);

impl RequestHeaders {
    pub(super) fn new(target: &OtlpTarget) -> Result<Self, InitError> {
        let mut headers = target.headers.parsed::<HeaderName, HeaderValue>()?;
        headers
            .iter_mut()
            .for_each(|(_, value)| value.set_sensitive(true));
        Ok(Self(headers))
    }

    /// Splits an exporter's request into the headers to send and its body.
    pub(super) fn split(&self, request: Request<Bytes>) -> Result<(HeaderMap, Bytes), HttpError> {
        let (head, mut body) = request.into_parts();
        match head.headers.get(CONTENT_ENCODING) {
            None => {}
            // Another crate may have enabled compression in the exporter, and a variable selects it.
            Some(encoding) if encoding == "gzip" => {
                let mut unpacked = Vec::new();
                GzDecoder::new(&*body).read_to_end(&mut unpacked)?;
                body = unpacked.into();
            }
            Some(encoding) => {
                return Err(format!("OTEL_EXPORTER_OTLP_COMPRESSION={encoding:?} is not supported").into());
            }
        }
        let mut headers = HeaderMap::with_capacity(self.0.len() + 1);
        if let Some(agent) = head.headers.get(USER_AGENT) {
            headers.insert(USER_AGENT, agent.clone());
        }
        headers.extend(self.0.iter().cloned());
        Ok((headers, body))
    }
}
