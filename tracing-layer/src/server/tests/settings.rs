//! The settings of the layer.

use std::convert::Infallible;
use std::future;

use bytes::Bytes;
use http::Response;
use http_body_util::Empty;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, KeyValue};
use throughline_propagation::{Head, W3cPropagator};
use throughline_test_support::Recorder;
use tower::{Layer, ServiceExt, service_fn};

use super::{hello, layer, request, span_of, traced};

#[tokio::test]
async fn filtered_requests_pass_their_trace_on() {
    let recorder = Recorder::new();
    let filter = |head: &Head<'_>| head.uri().path() != "/";
    let layer = layer(&recorder)
        .with_propagator(W3cPropagator::new())
        .with_filter(filter);
    let service = layer.layer(service_fn(|_| {
        let current = Context::map_current(|cx| cx.span().span_context().span_id().to_string());
        assert_eq!(current, "b7ad6b7169203331", "the caller's span is current");
        future::ready(hello())
    }));
    service.oneshot(traced()).await.expect("infallible");
    assert_eq!(recorder.spans().len(), 0, "no span");
    assert_eq!(recorder.metrics(), Vec::<String>::new(), "no metrics");
}

#[tokio::test]
async fn headers_and_attributes_that_were_asked_for() {
    let recorder = Recorder::new();
    let layer = layer(&recorder)
        .with_request_headers(["x-tenant", "authorization"])
        .with_response_headers(["x-served-by", "set-cookie"])
        .with_request_attributes(|head, attributes| {
            attributes.push(KeyValue::new("app.length", head.uri().path().len() as i64));
        })
        .with_response_attributes(|head, attributes| {
            attributes.push(KeyValue::new("app.ok", head.status.is_success()));
        });
    let mut request = request("GET", "/");
    request
        .headers_mut()
        .insert("x-tenant", "a".parse().expect("a value"));
    request
        .headers_mut()
        .insert("authorization", "Bearer s3cr3t".parse().expect("a value"));
    let service = layer.layer(service_fn(|_| async {
        let response = Response::builder()
            .header("x-served-by", "b")
            .header("set-cookie", "id=1");
        Ok::<_, Infallible>(response.body(Empty::<Bytes>::new()).expect("a response"))
    }));
    service.oneshot(request).await.expect("infallible");
    let tree = recorder.tree(&[]);
    for line in [
        "http.request.header.x-tenant=[\"a\"]",
        "http.response.header.x-served-by=[\"b\"]",
        "app.length=1",
        "app.ok=true",
    ] {
        assert!(tree.contains(line), "{line} in\n{tree}");
    }
    assert!(
        !tree.contains("s3cr3t") && !tree.contains("id=1"),
        "no secret in\n{tree}"
    );
}

#[tokio::test]
async fn hooks_that_panic_do_not_harm_the_request() {
    let recorder = Recorder::new();
    let layer = layer(&recorder)
        .with_filter(|_| panic!("filter"))
        .with_route(|_| panic!("route"))
        .with_request_attributes(|_, _| panic!("request"))
        .with_response_attributes(|_, _| panic!("response"));
    let tree = span_of(&recorder, layer, request("GET", "/")).await;
    assert!(
        tree.starts_with("Server GET\n"),
        "the span is there all the same:\n{tree}"
    );
}
