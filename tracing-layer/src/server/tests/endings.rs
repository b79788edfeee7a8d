//! All endings of an exchange.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{future, io};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use throughline_test_support::{Recorder, Script, ScriptedBody};
use tower::{Layer, Service, ServiceExt, service_fn};

use super::{hello, layer, request};
use crate::observe::EndAt;

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

#[tokio::test]
async fn a_context_that_is_kept_does_not_prolong_the_span() {
    let recorder = Recorder::new();
    let held: Arc<Mutex<Option<Context>>> = Arc::default();
    let keep = Arc::clone(&held);
    let service = layer(&recorder).layer(service_fn(move |_| {
        *keep.lock().expect("not poisoned") = Some(Context::current());
        future::ready(hello())
    }));
    service.oneshot(request("GET", "/")).await.expect("infallible");
    assert_eq!(recorder.spans().len(), 1, "ended with the response");
    let held = held.lock().expect("not poisoned").take();
    let held = held.expect("the context is still held");
    assert_eq!(
        held.span().span_context().span_id(),
        recorder.spans()[0].span_context.span_id(),
        "what is done in the call itself is done in the span"
    );
}

#[tokio::test]
async fn a_service_that_fails_or_panics_or_is_left() {
    type Fail = fn() -> Failing;
    type Failing = BoxFuture<'static, Result<Response<Empty<Bytes>>, io::Error>>;
    let cases: [(&str, Fail, &str); 3] = [
        (
            "error",
            || Box::pin(future::ready(Err(io::ErrorKind::ConnectionReset.into()))),
            "connection_reset",
        ),
        ("panic", || Box::pin(async { panic!("in the handler") }), "panic"),
        ("left", || Box::pin(future::pending()), "cancelled"),
    ];
    for (name, fail, class) in cases {
        let recorder = Recorder::new();
        let service = layer(&recorder).layer(service_fn(move |_| fail()));
        let call = AssertUnwindSafe(service.oneshot(request("GET", "/"))).catch_unwind();
        let done = tokio::time::timeout(Duration::ZERO, call).await;
        assert!(!matches!(done, Ok(Ok(Ok(_)))), "{name}: no response");
        let expected = format!(
            "Server GET [error]
  - error.type=\"{class}\"
  - http.request.method=\"GET\"
  - network.protocol.version=\"1.1\"
  - server.address=\"example.com\"
  - server.port=8080
  - url.path=\"/\"
  - url.scheme=\"http\"
"
        );
        assert_eq!(recorder.tree(&[]), expected, "{name}");
        let metrics = recorder.metrics();
        let [active, request_size, duration] = metrics.as_slice() else {
            panic!("{name}: {metrics:?}")
        };
        assert!(active.ends_with(" 0"), "{name}: {active}");
        assert!(
            duration.contains(&format!("error.type={class}")),
            "{name}: {duration}"
        );
        assert!(
            request_size.contains("request.body.size"),
            "{name}: {request_size}"
        );
    }
}

/// Returns how often the size of a response was measured.
fn sizes(recorder: &Recorder) -> usize {
    let metrics = recorder.metrics();
    metrics
        .iter()
        .filter(|line| line.contains("response.body"))
        .count()
}

#[tokio::test]
async fn bodies_are_measured_past_the_end_of_the_span() {
    let recorder = Recorder::new();
    let layer = layer(&recorder).with_end_at(EndAt::Headers);
    let service = layer.layer(service_fn(|_| async {
        Ok::<_, Infallible>(Response::new(ScriptedBody::new([Script::Data("hello")])))
    }));
    let response = service.oneshot(request("GET", "/")).await.expect("infallible");
    assert_eq!(recorder.spans().len(), 1, "the span ends with the head");
    assert_eq!(sizes(&recorder), 0, "the body is on its way");
    response.into_body().collect().await.expect("a body");
    assert_eq!(sizes(&recorder), 1, "the body has passed");
}

#[tokio::test]
async fn what_has_no_body_is_measured_with_its_head() {
    let recorder = Recorder::new();
    let service = layer(&recorder).layer(service_fn(|_| async {
        let mut upgrade = Response::new(ScriptedBody::new([Script::Data("of another protocol")]));
        *upgrade.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        Ok::<_, Infallible>(upgrade)
    }));
    let response = service.oneshot(request("GET", "/")).await.expect("infallible");
    assert_eq!(sizes(&recorder), 1, "though the connection goes on");
    drop(response);
}
