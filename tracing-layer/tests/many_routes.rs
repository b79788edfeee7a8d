//! A server with more routes than are interned. It has its own process, since the table of a process stays
//! full.

use std::convert::Infallible;

use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use throughline_test_support::Recorder;
use throughline_tracing_layer::ServerLayer;
use tower::{Layer, ServiceExt, service_fn};

type Body = Empty<&'static [u8]>;

/// A status code that came the first time when the table was full was no error.
#[tokio::test]
async fn a_failure_after_many_routes_is_an_error() {
    let recorder = Recorder::new();
    let layer = ServerLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
        .with_route(|head| Some(head.uri().path().to_owned().into()));
    let service = layer.layer(service_fn(async |request: Request<Body>| {
        let status = if request.uri().path() == "/fails" {
            503
        } else {
            200
        };
        let response = Response::builder().status(status).body(Body::new());
        Ok::<_, Infallible>(response.expect("a response"))
    }));
    let paths = (0..5_000)
        .map(|number| format!("/{number}"))
        .chain(["/fails".to_owned()]);
    for path in paths {
        let _ = recorder.take_spans();
        let request = Request::get(path).body(Body::new()).expect("a request");
        let response = service.clone().oneshot(request).await.expect("infallible");
        response.into_body().collect().await.expect("a body");
    }
    let tree = recorder.tree(&[]);
    for expected in ["Server GET /fails [error]\n", "- error.type=\"503\"\n"] {
        assert!(tree.contains(expected), "{expected:?} in {tree}");
    }
}
