//! Other instrumentation of the same requests: no panic, and one tree.

use axum::Router;
use axum::routing::get;
use opentelemetry::global;
use opentelemetry_instrumentation_tower::http::server::LayerBuilder;
use reqwest_middleware::ClientBuilder;
use reqwest_tracing::TracingMiddleware;
use throughline_test_support::Recorder;
use tracing_subscriber::layer::SubscriberExt;

use crate::{client, outline, serve, server, spans};

#[tokio::test]
async fn instrumentation_tower_inside_and_outside() {
    // Theirs records a route only if it is configured to find one.
    let (ours, theirs) = ("Server GET /users/{id}", "Server GET");
    for (outside, expected) in [
        (true, format!("{ours}\n  {theirs}")),
        (false, format!("{theirs}\n  {ours}")),
    ] {
        let recorder = Recorder::new();
        global::set_tracer_provider(recorder.tracer_provider());
        let theirs = LayerBuilder::builder().with_metrics(false).build();
        let theirs = theirs.expect("a layer");
        let router = Router::new().route("/users/{id}", get(|| async { "ok" }));
        let router = if outside {
            router.layer(theirs).layer(server(&recorder))
        } else {
            router.layer(server(&recorder)).layer(theirs)
        };
        let address = serve(router).await;
        let answer = reqwest::get(format!("http://{address}/users/7")).await;
        assert_eq!(
            answer.expect("a response").text().await.expect("a body"),
            "ok",
            "it passes"
        );
        spans(&recorder, 2).await;
        assert_eq!(outline(&recorder, &[]), expected, "ours outside: {outside}");
    }
}

#[tokio::test]
async fn reqwest_tracing_outside() {
    let recorder = Recorder::new();
    let bridge = tracing_opentelemetry::layer().with_tracer(opentelemetry::trace::TracerProvider::tracer(
        &recorder.tracer_provider(),
        "bridge",
    ));
    let _bridge = tracing::subscriber::set_default(tracing_subscriber::registry().with(bridge));
    let router = Router::new().route("/users/{id}", get(|| async { "ok" }));
    let address = serve(router.layer(server(&recorder))).await;
    let client = ClientBuilder::new(reqwest::Client::new())
        .with(TracingMiddleware::default())
        .with(client(&recorder))
        .build();
    let answer = client.get(format!("http://{address}/users/7")).send().await;
    assert_eq!(
        answer.expect("a response").text().await.expect("a body"),
        "ok",
        "it passes"
    );
    spans(&recorder, 3).await;
    let expected = "Client GET
  Client GET
    Server GET /users/{id}";
    assert_eq!(outline(&recorder, &[]), expected, "theirs, ours, the server's");
}
