//! What a layer says that can do nothing.

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Request, Response};
use futures_util::FutureExt;
use opentelemetry::metrics::noop::NoopMeterProvider;
use opentelemetry::propagation::TextMapCompositePropagator;
use opentelemetry::trace::noop::NoopTracerProvider;
use throughline_test_support::Recorder;
use throughline_tracing_layer::{ClientLayer, ServerLayer};
use tower::{Layer, ServiceExt, service_fn};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_layer_inside_of_another_says_so_once() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .finish();
    let _log = tracing::subscriber::set_default(subscriber);
    let recorder = Recorder::new();
    let client = (crate::client(&recorder), crate::client(&recorder));
    let client = client.layer(service_fn(|_: Request<Body>| async {
        Ok::<_, std::convert::Infallible>(Response::new(Body::empty()))
    }));
    let server = (crate::server(&recorder), crate::server(&recorder));
    let server = server.layer(service_fn(move |_: Request<Body>| {
        let request = Request::get("http://b/").body(Body::empty()).expect("a request");
        client.clone().oneshot(request)
    }));
    for _ in 0..3 {
        let request = Request::get("http://a/").body(Body::empty()).expect("a request");
        let response = server.clone().oneshot(request).now_or_never();
        assert!(response.expect("at once").is_ok(), "served");
    }
    let printed = String::from_utf8_lossy(&log.0.lock().expect("not poisoned")).into_owned();
    assert_eq!(
        printed.matches("nested_layers").count(),
        2,
        "each inner layer once:\n{printed}"
    );
    for layer in ["ServerLayer", "ClientLayer"] {
        assert_eq!(printed.matches(layer).count(), 1, "which:\n{printed}");
    }
    assert_eq!(recorder.spans().len(), 6, "a span of either kind a request");
}

#[test]
fn a_layer_without_a_provider_says_so_once_and_names_what_to_call() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .finish();
    let _log = tracing::subscriber::set_default(subscriber);
    let nothing = || TextMapCompositePropagator::new(Vec::new());
    let client = ClientLayer::new()
        .with_tracer_provider(NoopTracerProvider::new())
        .with_meter_provider(NoopMeterProvider::new())
        .with_propagator(nothing());
    let client = client.layer(service_fn(|_: Request<Body>| async {
        Ok::<_, std::convert::Infallible>(Response::new(Body::empty()))
    }));
    let server = ServerLayer::new()
        .with_tracer_provider(NoopTracerProvider::new())
        .with_meter_provider(NoopMeterProvider::new())
        .with_propagator(nothing());
    let server = server.layer(service_fn(move |request: Request<Body>| {
        client.clone().oneshot(request)
    }));
    for _ in 0..3 {
        let request = Request::get("http://a/").body(Body::empty()).expect("a request");
        let response = server.clone().oneshot(request).now_or_never();
        assert!(response.expect("at once").is_ok(), "served");
    }
    let printed = String::from_utf8_lossy(&log.0.lock().expect("not poisoned")).into_owned();
    assert_eq!(
        printed.matches("noop_tracer").count(),
        2,
        "each layer once:\n{printed}"
    );
    assert!(
        printed.contains("set_tracer_provider"),
        "what to call:\n{printed}"
    );
}
