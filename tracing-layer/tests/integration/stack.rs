//! The layers of tower-http, inside and outside of ours.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::routing::get;
use throughline_test_support::Recorder;
use tokio::sync::Notify;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::timeout::TimeoutLayer;

use crate::{active, outline, serve, server, spans};

const KEYS: [&str; 2] = ["error.type", "http.response.status_code"];
const IDLE: &str = "http.server.active_requests{http.request.method=GET,url.scheme=http} 0";

fn router() -> Router {
    Router::new()
        .route("/hello", get(|| async { "hello ".repeat(100) }))
        .route("/panic", get(panics))
        .route("/hang", get(std::future::pending::<()>))
}

async fn panics() -> &'static str {
    panic!("in the handler")
}

async fn requested(router: Router, path: &str) -> Result<reqwest::Response, reqwest::Error> {
    let address = serve(router).await;
    let client = reqwest::Client::new();
    let request = client.get(format!("http://{address}{path}"));
    request
        .header("accept-encoding", "gzip")
        .header("origin", "http://a")
        .send()
        .await
}

#[tokio::test]
async fn compression_and_cors() {
    for outside in [true, false] {
        let recorder = Recorder::new();
        let ours = server(&recorder);
        let theirs = ServiceBuilder::new()
            .layer(CompressionLayer::new())
            .layer(CorsLayer::permissive());
        let router = if outside {
            router().layer(theirs).layer(ours)
        } else {
            router().layer(ours).layer(theirs)
        };
        let response = requested(router, "/hello").await.expect("a response");
        assert_eq!(response.headers()["content-encoding"], "gzip", "compressed");
        assert_eq!(response.headers()["access-control-allow-origin"], "*", "allowed");
        assert!(response.bytes().await.expect("a body").len() < 600, "shorter");
        spans(&recorder, 1).await;
        let expected = "Server GET /hello\n  - http.response.status_code=200";
        assert_eq!(outline(&recorder, &KEYS), expected, "ours outside: {outside}");
        assert_eq!(active(&recorder), [IDLE], "ours outside: {outside}");
    }
}

#[tokio::test]
async fn in_one_builder_with_middleware_from_a_function() {
    let recorder = Recorder::new();
    let pass = |request: Request, next: Next| async move { next.run(request).await };
    let layers = ServiceBuilder::new()
        .layer(server(&recorder))
        .layer(from_fn(pass));
    let response = requested(router().layer(layers), "/hello").await;
    assert_eq!(response.expect("a response").status(), 200, "the status");
    spans(&recorder, 1).await;
}

#[tokio::test]
async fn timeouts() {
    let timeout = || TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_millis(10));
    let cases = [
        (
            true,
            "Server GET /hang [error]\n  - error.type=\"504\"\n  - http.response.status_code=504",
        ),
        (false, "Server GET /hang [error]\n  - error.type=\"cancelled\""),
    ];
    for (outside, expected) in cases {
        let recorder = Recorder::new();
        let router = if outside {
            router().layer(timeout()).layer(server(&recorder))
        } else {
            router().layer(server(&recorder)).layer(timeout())
        };
        let response = requested(router, "/hang").await.expect("a response");
        assert_eq!(response.status(), 504, "timed out");
        spans(&recorder, 1).await;
        assert_eq!(outline(&recorder, &KEYS), expected, "ours outside: {outside}");
        assert_eq!(active(&recorder), [IDLE], "ours outside: {outside}");
    }
}

#[tokio::test]
async fn panics_caught_inside_and_outside_and_not_at_all() {
    let cases = [
        (
            Some(true),
            "Server GET /panic [error]\n  - error.type=\"500\"\n  - http.response.status_code=500",
        ),
        (Some(false), "Server GET /panic [error]\n  - error.type=\"panic\""),
        (None, "Server GET /panic [error]\n  - error.type=\"panic\""),
    ];
    for (outside, expected) in cases {
        let recorder = Recorder::new();
        let router = match outside {
            Some(true) => router().layer(CatchPanicLayer::new()).layer(server(&recorder)),
            Some(false) => router().layer(server(&recorder)).layer(CatchPanicLayer::new()),
            None => router().layer(server(&recorder)),
        };
        let response = requested(router, "/panic").await;
        assert_eq!(response.is_ok(), outside.is_some(), "ours outside: {outside:?}");
        spans(&recorder, 1).await;
        assert_eq!(outline(&recorder, &KEYS), expected, "ours outside: {outside:?}");
        assert_eq!(active(&recorder), [IDLE], "ours outside: {outside:?}");
    }
}

#[tokio::test]
async fn a_client_that_disconnects() {
    let recorder = Recorder::new();
    let called = Arc::new(Notify::new());
    let calls = Arc::clone(&called);
    let hang = get(async move || {
        calls.notify_one();
        std::future::pending::<()>().await;
    });
    let address = serve(Router::new().route("/hang", hang).layer(server(&recorder))).await;
    tokio::select! {
        answer = reqwest::get(format!("http://{address}/hang")) => panic!("unexpected answer: {answer:?}"),
        () = called.notified() => {} // The client leaves.
    }
    spans(&recorder, 1).await;
    let expected = "Server GET /hang [error]\n  - error.type=\"cancelled\"";
    assert_eq!(outline(&recorder, &KEYS), expected, "hyper drops the request");
    assert_eq!(active(&recorder), [IDLE], "and no request is active");
}
