//! The spans, metrics and headers of sent requests.

mod attempts;
mod endings;
mod hosts;
mod limits;
mod nested;
mod outgoing;

use std::io;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Full};
use opentelemetry::Context;
use opentelemetry::trace::{TraceContextExt, Tracer, TracerProvider};
use throughline_propagation::W3cPropagator;
use throughline_test_support::Recorder;
use tower::{Layer, ServiceExt, service_fn};

use super::UrlTemplate;
use crate::client::ClientLayer;

fn layer(recorder: &Recorder) -> ClientLayer {
    ClientLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
        .with_body_sizes(true)
        .with_propagator(W3cPropagator::new())
}

fn request(uri: &str) -> Request<Empty<Bytes>> {
    Request::builder().uri(uri).body(Empty::new()).expect("a request")
}

fn attribute(recorder: &Recorder, key: &str) -> Vec<Option<String>> {
    let find = |span: opentelemetry_sdk::trace::SpanData| {
        let found = span
            .attributes
            .iter()
            .find(|attribute| attribute.key.as_str() == key);
        found.map(|attribute| attribute.value.to_string())
    };
    recorder.spans().into_iter().map(find).collect()
}

fn ok() -> Result<Response<Full<Bytes>>, io::Error> {
    Ok(Response::new(Full::new(Bytes::from_static(b"hello"))))
}

#[tokio::test]
async fn one_span_and_its_context_on_the_wire() {
    let recorder = Recorder::new();
    let service = layer(&recorder).layer(service_fn(|request: Request<Empty<Bytes>>| async move {
        let sent = request.headers().get("traceparent").cloned();
        let current = Context::current().span().span_context().span_id().to_string();
        let sent = sent.expect("a traceparent").to_str().expect("text").to_owned();
        assert!(sent.contains(&current), "the client span's id goes out: {sent}");
        let mut response = Response::new(Full::new(Bytes::from_static(b"no")));
        *response.status_mut() = StatusCode::NOT_FOUND;
        Ok::<_, io::Error>(response)
    }));
    let parent = recorder.tracer_provider().tracer("test").start("parent");
    let _parent = Context::new().with_span(parent).attach();
    let response = service
        .oneshot(request("https://me:pw@example.com/a?sig=x"))
        .await
        .expect("sent");
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    assert_eq!(body, "no", "the body passes");
    drop(_parent);
    let expected = "Internal parent
  Client GET [error]
    - error.type=\"404\"
    - http.request.method=\"GET\"
    - http.response.status_code=404
    - network.protocol.version=\"1.1\"
    - server.address=\"example.com\"
    - server.port=443
    - url.full=\"https://REDACTED:REDACTED@example.com/a?sig=REDACTED\"
";
    assert_eq!(recorder.tree(&[]), expected, "the spans");
}

#[tokio::test]
async fn a_template_names_the_span() {
    let recorder = Recorder::new();
    let client = layer(&recorder).layer(service_fn(|_| async { ok() }));
    let mut by_extension = request("http://a/users/7");
    by_extension
        .extensions_mut()
        .insert(UrlTemplate("/users/{id}".into()));
    client.clone().oneshot(by_extension).await.expect("sent");
    let context = Context::new().with_value(UrlTemplate("/by/{context}".into()));
    let _attached = context.attach();
    client.oneshot(request("http://a/by/1")).await.expect("sent");
    let names: Vec<_> = recorder
        .spans()
        .into_iter()
        .map(|span| span.name.into_owned())
        .collect();
    assert_eq!(names, ["GET /users/{id}", "GET /by/{context}"], "span names");
    let metrics = recorder.metrics().join("\n");
    assert!(
        metrics.contains("url.template=/users/{id}"),
        "on metrics too:\n{metrics}"
    );
}

#[tokio::test]
async fn nothing_while_telemetry_is_suppressed() {
    let recorder = Recorder::new();
    let service = layer(&recorder).layer(service_fn(|request: Request<Empty<Bytes>>| async move {
        assert!(request.headers().is_empty(), "no header is added");
        Ok::<_, io::Error>(Response::new(Empty::<Bytes>::new()))
    }));
    let _suppressed = Context::enter_telemetry_suppressed_scope();
    service
        .oneshot(request("http://collector/v1/traces"))
        .await
        .expect("sent");
    assert_eq!(recorder.spans().len(), 0, "no span");
    assert_eq!(recorder.metrics(), Vec::<String>::new(), "no metrics");
}
