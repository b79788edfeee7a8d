//! The receiver of OTLP, over HTTP and over gRPC.

use std::io::Write;

use axum::body::Body;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{Request, StatusCode};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use serde_json::{Value, json};
use throughline_viewer::Viewer;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tonic::Code;
use tonic::codec::CompressionEncoding;

use crate::support::{SpanExt, ok, request, send, span, task};

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// The status, the content type and the body of the answer to a request.
async fn post(viewer: &Viewer, headers: &[(&str, &str)], body: Vec<u8>) -> (StatusCode, String, Vec<u8>) {
    let mut request = Request::post("/v1/traces");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (parts, body) = send(
        &viewer.receiver_router(),
        request.body(Body::from(body)).expect("a request"),
    )
    .await;
    let content_type = parts.headers["content-type"].to_str().expect("text").to_owned();
    (parts.status, content_type, body)
}

#[tokio::test]
async fn both_formats_are_accepted_with_and_without_gzip() {
    let json = serde_json::to_vec(&task(1)).expect("JSON");
    for (content_type, body, answer) in [
        (PROTOBUF, task(1).encode_to_vec(), b"".to_vec()),
        (JSON, json.clone(), b"{}".to_vec()),
        ("Application/JSON; charset=utf-8", json, b"{}".to_vec()),
        (PROTOBUF, Vec::new(), b"".to_vec()),
        (JSON, b"{}".to_vec(), b"{}".to_vec()),
    ] {
        let is_empty = body.len() < 10;
        for encoding in [None, Some("identity"), Some("gzip")] {
            let viewer = Viewer::default();
            let mut headers = vec![
                ("content-type", content_type),
                ("host", "collector.internal:4318"),
            ];
            headers.extend(encoding.map(|encoding| ("content-encoding", encoding)));
            let sent = if encoding == Some("gzip") {
                gzip(&body)
            } else {
                body.clone()
            };
            let (status, answered, bytes) = post(&viewer, &headers, sent).await;
            assert_eq!(
                status,
                StatusCode::OK,
                "{content_type}, {encoding:?}: {}",
                String::from_utf8_lossy(&bytes)
            );
            assert_eq!(
                bytes, answer,
                "{content_type}, {encoding:?}: the answer of the specification"
            );
            assert!(
                content_type.to_lowercase().starts_with(&answered),
                "{content_type}: in the same format, not {answered}"
            );
            let state = ok(&viewer, "/api/state").await;
            assert_eq!(
                state["spans"],
                if is_empty { 0 } else { 5 },
                "{content_type}, {encoding:?}: stored"
            );
        }
    }
}

#[tokio::test]
async fn refusals_are_statuses_in_the_format_of_the_request() {
    let zeros = gzip(&vec![0_u8; (64 << 20) + 1]);
    for (headers, body, status, message) in [
        (
            vec![("content-type", "text/plain")],
            b"{}".to_vec(),
            415,
            "the content type \"text/plain\" is not accepted: application/x-protobuf and application/json are",
        ),
        (
            vec![],
            b"{}".to_vec(),
            415,
            "the content type \"\" is not accepted: application/x-protobuf and application/json are",
        ),
        (
            vec![("content-type", JSON), ("content-encoding", "br")],
            b"{}".to_vec(),
            415,
            "the content encoding \"br\" is not accepted: gzip and identity are",
        ),
        (
            vec![("content-type", JSON), ("origin", "https://evil.example")],
            b"{}".to_vec(),
            403,
            "requests from web pages are not accepted, this one is from \"https://evil.example\"",
        ),
        (
            vec![("content-type", JSON), ("content-encoding", "gzip")],
            zeros,
            413,
            "a request has at most 67108864 bytes after decompression",
        ),
        (
            vec![("content-type", JSON)],
            vec![b' '; (64 << 20) + 1],
            413,
            "a request has at most 67108864 bytes after decompression",
        ),
        (
            vec![("content-type", JSON), ("content-encoding", "gzip")],
            b"{}".to_vec(),
            400,
            "the body is not gzip: unexpected end of file",
        ),
        (
            vec![("content-type", JSON)],
            b"nonsense".to_vec(),
            400,
            "the body is not OTLP as JSON: expected ident at line 1 column 2",
        ),
    ] {
        let viewer = Viewer::default();
        let (found, _, bytes) = post(&viewer, &headers, body).await;
        let answer: Value = serde_json::from_slice(&bytes).expect("JSON");
        assert_eq!(
            (found.as_u16(), &answer),
            (status, &json!({ "message": message })),
            "{headers:?}"
        );
    }
    let (status, content_type, bytes) = post(
        &Viewer::default(),
        &[("content-type", PROTOBUF)],
        b"\xff\xff".to_vec(),
    )
    .await;
    assert_eq!(
        (status, content_type.as_str()),
        (StatusCode::BAD_REQUEST, PROTOBUF),
        "broken protobuf"
    );
    assert_eq!(
        bytes.first(),
        Some(&0x12),
        "a google.rpc.Status with a message, its field 2"
    );
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("the body is not OTLP as protobuf: "), "{text}");
}

#[tokio::test]
async fn invalid_spans_are_a_partial_success() {
    let mut batch = task(1);
    batch.resource_spans[0].scope_spans[0].spans[4].span_id.clear();
    let viewer = Viewer::default();
    let (status, _, bytes) = post(&viewer, &[("content-type", PROTOBUF)], batch.encode_to_vec()).await;
    assert_eq!(status, StatusCode::OK, "the others are accepted");
    let answer = ExportTraceServiceResponse::decode(&*bytes)
        .expect("protobuf")
        .partial_success
        .expect("a part");
    assert_eq!(answer.rejected_spans, 1, "one is rejected");
    assert!(
        answer
            .error_message
            .starts_with("spans were rejected: a trace id has 16 bytes"),
        "{}",
        answer.error_message
    );
    let json = serde_json::to_vec(&batch).expect("JSON");
    let (_, _, bytes) = post(&viewer, &[("content-type", JSON)], json).await;
    let answer: Value = serde_json::from_slice(&bytes).expect("JSON");
    assert_eq!(
        answer["partialSuccess"]["rejectedSpans"], "1",
        "64-bit numbers are text in JSON"
    );
}

#[tokio::test]
async fn deeply_nested_protobuf_is_refused() {
    use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
    use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue};
    let nested = (0..2_000).fold(Any::IntValue(1), |inner, _| {
        Any::ArrayValue(ArrayValue {
            values: vec![AnyValue { value: Some(inner) }],
        })
    });
    let batch = request("shop", vec![span(1, 1, 0, "deep", 0, 1).with("k", nested)]);
    let bytes = batch.encode_to_vec();
    let (status, _, answer) = post(&Viewer::default(), &[("content-type", PROTOBUF)], bytes).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "the stack is safe");
    assert!(
        answer.len() < 1_000,
        "the message is short: {} bytes",
        answer.len()
    );
}

/// A receiver over gRPC on a free port, which ends when the sender is dropped.
async fn grpc(viewer: &Viewer) -> (String, oneshot::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (stop, stopped) = oneshot::channel();
    let viewer = viewer.clone();
    tokio::spawn(async move {
        let ended = viewer.serve_grpc(listener, async { drop(stopped.await) }).await;
        ended.expect("it ends without an error");
    });
    (address, stop)
}

#[tokio::test]
async fn grpc_accepts_batches_with_and_without_gzip() {
    let viewer = Viewer::default();
    let (address, _stop) = grpc(&viewer).await;
    let mut client = TraceServiceClient::connect(address.clone())
        .await
        .expect("connected");
    client.export(task(1)).await.expect("accepted");
    let mut client = client.send_compressed(CompressionEncoding::Gzip);
    let answer = client.export(task(2)).await.expect("accepted");
    assert_eq!(answer.into_inner().partial_success, None, "all spans");
    let state = ok(&viewer, "/api/state").await;
    assert_eq!(state["spans"], 10, "both are stored");
    assert_eq!(
        state["receivers"],
        json!([address.replace("http:", "grpc:")]),
        "the page shows the address"
    );
}

#[tokio::test]
async fn grpc_refuses_large_requests_for_good() {
    let viewer = Viewer::default();
    let (address, _stop) = grpc(&viewer).await;
    let client = TraceServiceClient::connect(address)
        .await
        .expect("connected")
        .max_encoding_message_size(usize::MAX);
    let large: ExportTraceServiceRequest = request(
        "shop",
        vec![span(1, 1, 0, "large", 0, 1).with("text", "x".repeat((64 << 20) + 1))],
    );
    for mut client in [client.clone(), client.send_compressed(CompressionEncoding::Gzip)] {
        let status = client.export(large.clone()).await.expect_err("too large");
        assert_eq!(
            status.code(),
            Code::ResourceExhausted,
            "{}: OUT_OF_RANGE would be retried",
            status.message()
        );
    }
}
