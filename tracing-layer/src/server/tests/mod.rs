//! The spans and metrics of served requests.

mod endings;
mod limits;
mod nested;
mod routes;
mod settings;
mod streams;
mod trust;

use std::convert::Infallible;
use std::future;

use bytes::Bytes;
use http::{Request, Response, Version};
use http_body_util::{BodyExt, Empty};
use throughline_test_support::{Recorder, Script, ScriptedBody};
use tower::{Layer, ServiceExt, service_fn};

use super::MetricsLayer;
use crate::semconv;
use crate::server::ServerLayer;

fn layer(recorder: &Recorder) -> ServerLayer {
    ServerLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
        .with_body_sizes(true)
}

fn request(method: &str, uri: &str) -> Request<Empty<Bytes>> {
    let builder = Request::builder().method(method).uri(uri);
    builder
        .header("host", "example.com:8080")
        .body(Empty::new())
        .expect("a request")
}

#[tokio::test]
async fn one_span_and_its_metrics() {
    let recorder = Recorder::new();
    let service = layer(&recorder).layer(service_fn(|_| async {
        Ok::<_, Infallible>(Response::new(ScriptedBody::new([Script::Data("hello")])))
    }));
    let response = service
        .oneshot(request("GET", "/users/7?sig=x"))
        .await
        .expect("infallible");
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    assert_eq!(body, "hello", "the body passes");
    let expected = "Server GET
  - http.request.method=\"GET\"
  - http.response.status_code=200
  - network.protocol.version=\"1.1\"
  - server.address=\"example.com\"
  - server.port=8080
  - url.path=\"/users/7\"
  - url.query=\"sig=REDACTED\"
  - url.scheme=\"http\"
";
    assert_eq!(recorder.tree(&[]), expected, "the span");
    let labels =
        "http.request.method=GET,http.response.status_code=200,network.protocol.version=1.1,url.scheme=http";
    assert_eq!(
        recorder.metrics(),
        [
            "http.server.active_requests{http.request.method=GET,url.scheme=http} 0".to_owned(),
            format!("http.server.request.body.size{{{labels}}} count=1"),
            format!("http.server.request.duration{{{labels}}} count=1"),
            format!("http.server.response.body.size{{{labels}}} count=1"),
        ],
        "the metrics"
    );
    let sums = recorder.sums();
    for (side, bytes) in [("request", 0), ("response", 5)] {
        let line = format!("http.server.{side}.body.size{{{labels}}} sum={bytes}");
        assert!(sums.contains(&line), "{line} among {sums:?}");
    }
}

/// Returns the span of one request through `layer`, served with an empty response.
async fn span_of(recorder: &Recorder, layer: ServerLayer, request: Request<Empty<Bytes>>) -> String {
    let service = layer.layer(service_fn(|_| future::ready(hello())));
    let response = service.oneshot(request).await.expect("infallible");
    let _ = response.into_body().collect().await;
    recorder.tree(&[semconv::TIME_TO_HEADERS])
}

fn hello() -> Result<Response<Empty<Bytes>>, Infallible> {
    Ok(Response::new(Empty::new()))
}

#[tokio::test]
async fn unknown_method_and_http_2() {
    let recorder = Recorder::new();
    let mut request = request("XYZZY", "https://example.com/a");
    *request.version_mut() = Version::HTTP_2;
    let expected = "Server HTTP
  - http.request.method=\"_OTHER\"
  - http.request.method_original=\"XYZZY\"
  - http.response.status_code=200
  - network.protocol.version=\"2\"
  - server.address=\"example.com\"
  - url.path=\"/a\"
  - url.scheme=\"https\"
";
    assert_eq!(
        span_of(&recorder, layer(&recorder), request).await,
        expected,
        "the span"
    );
    let metrics = recorder.metrics().join("\n");
    assert!(
        !metrics.contains("XYZZY"),
        "no label that a client chooses: {metrics}"
    );
}

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn traced() -> Request<Empty<Bytes>> {
    let mut request = request("GET", "/");
    let headers = request.headers_mut();
    headers.insert("traceparent", TRACEPARENT.parse().expect("a value"));
    headers.insert("baggage", "user=7".parse().expect("a value"));
    headers.insert("x-forwarded-for", "203.0.113.7".parse().expect("a value"));
    request
}

#[tokio::test]
async fn metrics_alone() {
    let recorder = Recorder::new();
    let service = MetricsLayer::from(layer(&recorder)).layer(service_fn(|_| future::ready(hello())));
    service.oneshot(traced()).await.expect("infallible");
    assert_eq!(recorder.spans().len(), 0, "no span");
    assert_eq!(recorder.metrics().len(), 4, "all metrics");
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn a_streamed_request_is_counted_without_changing_its_type() {
    use axum::body::Body;

    let recorder = Recorder::new();
    let service = layer(&recorder).layer(service_fn(|request: Request<Body>| async {
        let body = request.into_body().collect().await.expect("a body").to_bytes();
        assert_eq!(body, "abcde", "the bytes pass");
        hello()
    }));
    let streamed = Body::new(ScriptedBody::new([Script::Data("ab"), Script::Data("cde")]));
    let request = Request::post("/").body(streamed).expect("a request");
    service.oneshot(request).await.expect("infallible");
    let metrics = recorder.metrics().join("\n");
    assert!(
        metrics.contains("http.server.request.body.size"),
        "measured:\n{metrics}"
    );
}
