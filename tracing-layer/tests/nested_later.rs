//! A nested request that is not a layer's first. It has its own process, since all layers of a process are on
//! their guard once one of them was seen inside another.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::routing::get;
use throughline_test_support::Recorder;
use throughline_tracing_layer::ServerLayer;
use tower::ServiceExt;

fn layer(recorder: &Recorder) -> ServerLayer {
    ServerLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
}

#[tokio::test]
async fn a_nested_request_behind_others_is_recorded_once() {
    let recorder = Recorder::new();
    let inner = Router::new()
        .route("/items", get(|| async { "ok" }))
        .layer(layer(&recorder));
    let app = Router::new()
        .route("/", get(|| async { "ok" }))
        .nest("/api", inner)
        .layer(layer(&recorder));
    for path in ["/", "/", "/api/items", "/", "/api/items"] {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let response = app.clone().oneshot(request).await.expect("a response");
        axum::body::to_bytes(response.into_body(), 100)
            .await
            .expect("a body");
    }
    let mut names: Vec<_> = recorder.spans().into_iter().map(|span| span.name).collect();
    names.sort();
    let expected = ["GET /", "GET /", "GET /", "GET /api/items", "GET /api/items"];
    assert_eq!(names, expected, "one span a request");
}
