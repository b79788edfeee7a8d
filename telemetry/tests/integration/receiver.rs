//! A receiver of OTLP on one port, for three signals over gRPC and HTTP, that answers each request as a
//! script says.

use std::convert::Infallible;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Response};
use futures_util::StreamExt;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use prost::Message;
use serde::de::DeserializeOwned;
use throughline_telemetry::Protocol;
use tokio::runtime::Runtime;

/// How a request is answered.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Take,
    /// It is taken, but for so many items.
    Reject(i64, &'static str),
    /// A status of HTTP or a code of gRPC, with an explanation.
    Refuse(u16, u32, &'static str),
    /// Unavailable, and to be tried again after a second.
    Later,
    /// It is taken, with an answer of megabytes.
    Huge,
    /// It is taken, with an answer that has no end.
    Endless,
    /// It is taken, with an answer that breaks off.
    Broken,
    /// It is taken after a while.
    Slowly(Duration),
}

/// A request that came, taken or not.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) signal: &'static str,
    /// The indices of the items.
    pub(crate) items: Vec<String>,
    /// Before compression.
    pub(crate) bytes: usize,
    pub(crate) at: Instant,
}

type Script = Arc<dyn Fn(usize, &Received) -> Answer + Send + Sync>;

/// It stops when it is dropped.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    _runtime: Runtime,
}

#[derive(Clone)]
struct Shared {
    received: Arc<Mutex<Vec<Received>>>,
    script: Script,
}

impl Receiver {
    /// The script gets the number of the request, from 0, and the request.
    pub(crate) fn start(script: impl Fn(usize, &Received) -> Answer + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        let runtime = runtime.expect("a runtime");
        let received = Arc::default();
        let shared = Shared {
            received: Arc::clone(&received),
            script: Arc::new(script),
        };
        let app = Router::new().fallback(handle).with_state(shared);
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        drop(runtime.spawn(axum::serve(listener, app).into_future()));
        Self {
            address,
            received,
            _runtime: runtime,
        }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

async fn handle(State(shared): State<Shared>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.expect("a whole request").to_bytes();
    let header = |name: &str| {
        head.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("text"))
    };
    let path = head.uri.path().to_ascii_lowercase();
    let protocol = match header("content-type") {
        "application/grpc" => Protocol::Grpc,
        "application/json" => Protocol::HttpJson,
        "application/x-protobuf" => Protocol::HttpProtobuf,
        other => panic!("{other:?} is no OTLP"),
    };
    let is_gzip = header("content-encoding") == "gzip" || header("grpc-encoding") == "gzip";
    let message = match protocol {
        Protocol::Grpc => {
            let (head, message) = body.split_first_chunk::<5>().expect("a frame");
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
            assert_eq!(
                (head[0], length),
                (u8::from(is_gzip), message.len()),
                "the frame's head"
            );
            body.slice(5..)
        }
        _ => body,
    };
    let message = if is_gzip { unzipped(&message) } else { message };
    let (signal, items) = items(&path, &message, protocol == Protocol::HttpJson);
    let received = Received {
        signal,
        items,
        bytes: message.len(),
        at: Instant::now(),
    };
    let number = {
        let mut all = shared.received.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(received.clone());
        all.len() - 1
    };
    let answer = (shared.script)(number, &received);
    if let Answer::Slowly(after) = answer {
        // Nothing is waited for here: the time that the answer takes is what the test is about.
        tokio::time::sleep(after).await;
    }
    match protocol {
        Protocol::Grpc => grpc(answer),
        _ => http(&answer, signal, protocol == Protocol::HttpJson),
    }
}

fn unzipped(bytes: &[u8]) -> Bytes {
    let mut message = Vec::new();
    flate2::read::GzDecoder::new(bytes)
        .read_to_end(&mut message)
        .expect("gzip");
    message.into()
}

fn items(path: &str, message: &[u8], is_json: bool) -> (&'static str, Vec<String>) {
    fn read<M: Message + Default + DeserializeOwned>(message: &[u8], is_json: bool) -> M {
        if is_json {
            serde_json::from_slice(message).expect("JSON")
        } else {
            M::decode(message).expect("protobuf")
        }
    }
    if path.contains("trace") {
        let request: ExportTraceServiceRequest = read(message, is_json);
        let scopes = request
            .resource_spans
            .into_iter()
            .flat_map(|resource| resource.scope_spans);
        return (
            "traces",
            scopes
                .flat_map(|scope| scope.spans)
                .map(|span| span.name)
                .collect(),
        );
    }
    if path.contains("logs") {
        let request: ExportLogsServiceRequest = read(message, is_json);
        let scopes = request
            .resource_logs
            .into_iter()
            .flat_map(|resource| resource.scope_logs);
        let records = scopes.flat_map(|scope| scope.log_records);
        return ("logs", records.map(|record| index(&record.attributes)).collect());
    }
    let request: ExportMetricsServiceRequest = read(message, is_json);
    let scopes = request
        .resource_metrics
        .into_iter()
        .flat_map(|resource| resource.scope_metrics);
    let metrics = scopes.flat_map(|scope| scope.metrics);
    let points = metrics.flat_map(|metric| match metric.data {
        Some(Data::Sum(sum)) => sum.data_points,
        other => panic!("only counters are recorded: {other:?}"),
    });
    ("metrics", points.map(|point| index(&point.attributes)).collect())
}

fn index(attributes: &[KeyValue]) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == "index");
    match found.and_then(|attribute| attribute.value.clone()) {
        Some(AnyValue {
            value: Some(Value::StringValue(index)),
        }) => index,
        other => panic!("an index is text: {other:?}"),
    }
}

fn http(answer: &Answer, signal: &str, is_json: bool) -> Response<Body> {
    let response = Response::builder().header(
        "content-type",
        if is_json {
            "application/json"
        } else {
            "application/x-protobuf"
        },
    );
    let (status, body) = match answer {
        Answer::Take | Answer::Slowly(_) => (200, partial(0, "", signal, is_json)),
        Answer::Reject(rejected, why) => (200, partial(*rejected, why, signal, is_json)),
        Answer::Refuse(status, _, why) => {
            let status_message = [
                &[0x12, u8::try_from(why.len()).expect("short")][..],
                why.as_bytes(),
            ]
            .concat();
            let body = if is_json {
                format!(r#"{{"message":"{why}"}}"#).into_bytes()
            } else {
                status_message
            };
            (*status, Body::from(body))
        }
        Answer::Later => {
            let response = response.header("retry-after", "1").status(503);
            return response.body(Body::empty()).expect("a response");
        }
        Answer::Huge => (200, Body::from(vec![b'{'; 8 << 20])),
        Answer::Endless => (200, endless()),
        Answer::Broken => (200, broken()),
    };
    response.status(status).body(body).expect("a response")
}

fn partial(rejected: i64, why: &str, signal: &str, is_json: bool) -> Body {
    if !is_json {
        return Body::from(encoded(rejected, why));
    }
    let key = match signal {
        "traces" => "rejectedSpans",
        "logs" => "rejectedLogRecords",
        _ => "rejectedDataPoints",
    };
    Body::from(format!(
        r#"{{"partialSuccess":{{"{key}":"{rejected}","errorMessage":"{why}"}}}}"#
    ))
}

/// The three signals' answers are the same on the wire.
fn encoded(rejected: i64, why: &str) -> Vec<u8> {
    let response = ExportTraceServiceResponse {
        partial_success: (rejected != 0 || !why.is_empty()).then(|| ExportTracePartialSuccess {
            rejected_spans: rejected,
            error_message: why.to_owned(),
        }),
    };
    response.encode_to_vec()
}

fn grpc(answer: Answer) -> Response<Body> {
    let response = Response::builder().header("content-type", "application/grpc");
    let message = match answer {
        Answer::Take | Answer::Slowly(_) => encoded(0, ""),
        Answer::Reject(rejected, why) => encoded(rejected, why),
        Answer::Refuse(_, code, why) => {
            let response = response
                .header("grpc-status", code)
                .header("grpc-message", why.replace(' ', "%20"));
            return response.body(Body::empty()).expect("a response");
        }
        Answer::Later => {
            let response = response
                .header("grpc-status", 14)
                .header("grpc-status-details-bin", RETRY_AFTER_A_SECOND);
            return response.body(Body::empty()).expect("a response");
        }
        Answer::Huge => vec![0x0a; 8 << 20],
        Answer::Endless => return response.body(endless()).expect("a response"),
        Answer::Broken => return response.body(broken()).expect("a response"),
    };
    let length = u32::try_from(message.len()).expect("short").to_be_bytes();
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let data = [&[0][..], &length, &message].concat();
    let frames = [Frame::data(Bytes::from(data)), Frame::trailers(trailers)];
    let frames = futures_util::stream::iter(frames.map(Ok::<_, Infallible>));
    response
        .body(Body::new(StreamBody::new(frames)))
        .expect("a response")
}

fn endless() -> Body {
    let part = Bytes::from_static(&[0xff; 4096]);
    Body::from_stream(futures_util::stream::repeat_with(move || {
        Ok::<_, Infallible>(part.clone())
    }))
}

/// Some bytes, and an error once they are on their way: what is reset at once does not leave.
fn broken() -> Body {
    let parts = futures_util::stream::iter([true, false]).then(|is_first| async move {
        if is_first {
            return Ok(Bytes::from_static(b"\0\0\0"));
        }
        // hyper writes what it has when the body is pending.
        tokio::task::yield_now().await;
        Err(std::io::Error::other("on purpose"))
    });
    Body::from_stream(parts)
}

/// A `google.rpc.Status` with a `RetryInfo` of one second.
const RETRY_AFTER_A_SECOND: &str =
    "CA4SBGJ1c3kaMAoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxIECgIIAQ==";
