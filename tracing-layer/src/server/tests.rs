//! What a served request leaves: its span and its metrics.

use std::convert::Infallible;
use std::future;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use throughline_test_support::{Recorder, Script, ScriptedBody};
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::{EndAt, ServerLayer};

fn layer(recorder: &Recorder) -> ServerLayer {
    ServerLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
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
  - throughline.http.time_to_headers=_
  - url.path=\"/users/7\"
  - url.query=\"sig=REDACTED\"
  - url.scheme=\"http\"
";
    assert_eq!(
        recorder.tree(&["throughline.http.time_to_headers"]),
        expected,
        "the span"
    );
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
}

#[tokio::test]
async fn endings() {
    use Script::{Data, Fail};
    let cases = [
        ("complete", 200, vec![Data("a")], EndAt::Body, true, "Unset", None),
        (
            "server error",
            503,
            vec![Data("a")],
            EndAt::Body,
            true,
            "Error",
            Some("503"),
        ),
        (
            "client error",
            404,
            vec![Data("a")],
            EndAt::Body,
            true,
            "Unset",
            None,
        ),
        (
            "left",
            200,
            vec![Data("a")],
            EndAt::Body,
            false,
            "Error",
            Some("cancelled"),
        ),
        (
            "left after the head was the end",
            200,
            vec![Data("a")],
            EndAt::Headers,
            false,
            "Unset",
            None,
        ),
        (
            "body error",
            200,
            vec![Fail("cut")],
            EndAt::Body,
            true,
            "Error",
            Some("throughline_test_support::body::ScriptedError"),
        ),
        ("upgrade", 101, vec![Data("a")], EndAt::Body, false, "Unset", None),
    ];
    for (name, status, script, end_at, read, expected, error) in cases {
        let recorder = Recorder::new();
        let mut response = Response::new(ScriptedBody::new(script));
        *response.status_mut() = StatusCode::from_u16(status).expect("a status code");
        let mut response = Some(response);
        let mut service = layer(&recorder).with_end_at(end_at).layer(service_fn(move |_| {
            future::ready(Ok::<_, Infallible>(response.take().expect("one request")))
        }));
        let response = service.call(request("GET", "/")).await.expect("infallible");
        if read {
            let _ = response.into_body().collect().await;
        } else {
            drop(response);
        }
        let spans = recorder.spans();
        let [span] = spans.as_slice() else {
            panic!("{name}: one span, not {}", spans.len())
        };
        assert!(
            format!("{:?}", span.status).starts_with(expected),
            "{name}: {:?}",
            span.status
        );
        let class = span
            .attributes
            .iter()
            .find(|attribute| attribute.key.as_str() == "error.type");
        let class = class.map(|attribute| attribute.value.to_string());
        assert_eq!(class.as_deref(), error, "{name}");
        let metrics = recorder.metrics();
        assert!(
            metrics
                .iter()
                .any(|line| line.starts_with("http.server.active_requests") && line.ends_with(" 0")),
            "{name}: {metrics:?}"
        );
        assert!(
            metrics
                .iter()
                .any(|line| line.starts_with("http.server.request.duration")),
            "{name}: {metrics:?}"
        );
    }
}
