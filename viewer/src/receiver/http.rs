//! OTLP over HTTP.

use std::io::{self, Read};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request as HttpRequest, State};
use axum::routing::post;
use flate2::bufread::MultiGzDecoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, ORIGIN};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::otlp::{self, Request};
use crate::shared::Shared;
use crate::store::Store;

use super::{MAX_REQUEST_BYTES, MAX_REQUESTS, READ_TIMEOUT, partial};

#[derive(Debug, Clone)]
struct Receiver {
    shared: Arc<Shared>,
    /// Bounds the memory of the requests that are read at the same time.
    requests: Arc<Semaphore>,
}

pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    let receiver = Receiver {
        shared: Arc::clone(shared),
        requests: Arc::new(Semaphore::new(MAX_REQUESTS)),
    };
    Router::new()
        .route("/v1/traces", post(receive::<ExportTraceServiceRequest>))
        .route("/v1/logs", post(receive::<ExportLogsServiceRequest>))
        .route("/v1/metrics", post(receive::<ExportMetricsServiceRequest>))
        .with_state(receiver)
}

async fn receive<T: Signal>(State(receiver): State<Receiver>, request: HttpRequest) -> Response<Body> {
    let format = match Format::new(request.headers()) {
        Ok(format) => format,
        // A client that asks for another format understands neither; JSON can be read by people.
        Err(refusal) => return refusal.response(Format::Json),
    };
    match receiver.read::<T>(request, format).await {
        Ok(Accepted { protobuf, .. }) if format == Format::Protobuf => format.response(protobuf),
        Ok(Accepted { json, .. }) => format.response(json.to_string().into_bytes()),
        Err(refusal) => refusal.response(format),
    }
}

/// A request with telemetry of one signal.
trait Signal: Message + Default + 'static {
    /// Takes it from JSON.
    fn from_json(request: &mut Request) -> Self;

    /// Adds it to the store.
    fn add(&self, store: &Store) -> Accepted;
}

impl Signal for ExportTraceServiceRequest {
    fn from_json(request: &mut Request) -> Self {
        request.traces()
    }

    fn add(&self, store: &Store) -> Accepted {
        let response = partial::traces(store.add_traces(self));
        let json = match &response.partial_success {
            Some(partial) => json!({ "partialSuccess": {
                "rejectedSpans": partial.rejected_spans.to_string(),
                "errorMessage": partial.error_message,
            }}),
            None => json!({}),
        };
        Accepted {
            protobuf: response.encode_to_vec(),
            json,
        }
    }
}

impl Signal for ExportLogsServiceRequest {
    fn from_json(request: &mut Request) -> Self {
        request.logs()
    }

    fn add(&self, store: &Store) -> Accepted {
        store.add_logs(self);
        Accepted::as_a_whole()
    }
}

impl Signal for ExportMetricsServiceRequest {
    fn from_json(request: &mut Request) -> Self {
        request.metrics()
    }

    fn add(&self, store: &Store) -> Accepted {
        store.add_metrics(self);
        Accepted::as_a_whole()
    }
}

/// The answer to a request, in both formats.
#[derive(Debug)]
struct Accepted {
    protobuf: Vec<u8>,
    json: serde_json::Value,
}

impl Accepted {
    /// The answer without a partial success, which is an empty message for each signal.
    fn as_a_whole() -> Self {
        Self {
            protobuf: Vec::new(),
            json: json!({}),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Protobuf,
    Json,
}

/// Why a request is not accepted.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    message: String,
}

impl Receiver {
    async fn read<T: Signal>(&self, request: HttpRequest, format: Format) -> Result<Accepted, Refusal> {
        if let Some(origin) = request.headers().get(ORIGIN) {
            let message = format!("requests from web pages are not accepted, this one is from {origin:?}");
            return Err(Refusal::new(StatusCode::FORBIDDEN, message));
        }
        let is_gzip = is_gzip(request.headers())?;
        let closed = |_| {
            Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "the receiver has ended".to_owned(),
            )
        };
        let permit = Arc::clone(&self.requests).acquire_owned().await.map_err(closed)?;
        let body = tokio::time::timeout(READ_TIMEOUT, collect(request.into_body())).await;
        let slow = |_| {
            Refusal::new(
                StatusCode::REQUEST_TIMEOUT,
                format!("the body took longer than {READ_TIMEOUT:?}"),
            )
        };
        let body = body.map_err(slow)??;
        let shared = Arc::clone(&self.shared);
        let work = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let body = if is_gzip { decompress(&body)? } else { body };
            let request = match format {
                Format::Protobuf => T::decode(body).map_err(|error| invalid("protobuf", &error))?,
                Format::Json => {
                    T::from_json(&mut otlp::parse(&body).map_err(|error| invalid("JSON", &error))?)
                }
            };
            Ok(request.add(&shared.store))
        });
        let failed = |error| {
            Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                format!("the request failed: {error}"),
            )
        };
        work.await.map_err(failed)?
    }
}

fn invalid(format: &str, error: &dyn std::error::Error) -> Refusal {
    // The message of prost can have kilobytes.
    let message: String = format!("the body is not OTLP as {format}: {error}")
        .chars()
        .take(MAX_MESSAGE_CHARS)
        .collect();
    Refusal::new(StatusCode::BAD_REQUEST, message)
}

async fn collect(body: Body) -> Result<Bytes, Refusal> {
    match Limited::new(body, MAX_REQUEST_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(error) => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            format!("the body cannot be read: {error}"),
        )),
    }
}

fn decompress(body: &[u8]) -> Result<Bytes, Refusal> {
    let mut decompressed = Vec::new();
    let read: io::Result<usize> = MultiGzDecoder::new(body)
        .take(MAX_REQUEST_BYTES as u64 + 1)
        .read_to_end(&mut decompressed);
    read.map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, format!("the body is not gzip: {error}")))?;
    if decompressed.len() > MAX_REQUEST_BYTES {
        return Err(too_large());
    }
    Ok(decompressed.into())
}

fn too_large() -> Refusal {
    let message = format!("a request has at most {MAX_REQUEST_BYTES} bytes after decompression");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, message)
}

/// Returns whether the body is compressed.
fn is_gzip(headers: &HeaderMap) -> Result<bool, Refusal> {
    match headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"" | b"identity") => Ok(false),
        Some(b"gzip") => Ok(true),
        Some(other) => {
            let other = String::from_utf8_lossy(other);
            let message = format!("the content encoding {other:?} is not accepted: gzip and identity are");
            Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message))
        }
    }
}

impl Format {
    /// Reads the format from the headers. It is never guessed: browsers may send any other type to foreign
    /// servers without asking.
    fn new(headers: &HeaderMap) -> Result<Self, Refusal> {
        let value = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        match value
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
            .as_str()
        {
            "application/x-protobuf" => Ok(Self::Protobuf),
            "application/json" => Ok(Self::Json),
            other => {
                let message = format!(
                    "the content type {other:?} is not accepted: application/x-protobuf and application/json are"
                );
                Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message))
            }
        }
    }

    fn response(self, bytes: Vec<u8>) -> Response<Body> {
        let mut response = Response::new(Body::from(bytes));
        let media_type = match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        };
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        response
    }
}

impl Refusal {
    fn new(status: StatusCode, message: String) -> Self {
        Self { status, message }
    }

    /// Answers with a `google.rpc.Status`.
    fn response(self, format: Format) -> Response<Body> {
        let bytes = match format {
            Format::Protobuf => RpcStatus {
                message: self.message,
            }
            .encode_to_vec(),
            Format::Json => json!({ "message": self.message }).to_string().into_bytes(),
        };
        let mut response = format.response(bytes);
        *response.status_mut() = self.status;
        response
    }
}

/// `google.rpc.Status`, whose `code` is optional over HTTP.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(string, tag = "2")]
    message: String,
}

const MAX_MESSAGE_CHARS: usize = 300;
