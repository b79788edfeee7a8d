//! `tracing` spans, exported by tracing-opentelemetry, between ours.

use axum::Router;
use axum::routing::get;
use opentelemetry::trace::TracerProvider;
use throughline_test_support::Recorder;
use tower::{Layer, ServiceExt};
use tracing::Instrument;
use tracing_subscriber::layer::SubscriberExt;

use crate::{client, outline, serve, server, spans};

/// Exports `tracing` spans to the recorder, on this thread.
fn bridge(recorder: &Recorder, activates_context: bool) -> tracing::subscriber::DefaultGuard {
    let tracer = recorder.tracer_provider().tracer("bridge");
    let layer = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_context_activation(activates_context);
    tracing::subscriber::set_default(tracing_subscriber::registry().with(layer))
}

/// A handler's function that calls another service from its own task.
#[tracing::instrument(skip_all)]
async fn handler(recorder: Recorder, url: String) -> String {
    let call = async move {
        let request = reqwest::Request::new(reqwest::Method::GET, url.parse().expect("a URL"));
        let response = client(&recorder)
            .layer(reqwest::Client::new())
            .oneshot(request)
            .await;
        response.expect("a response").text().await.expect("a body")
    };
    tokio::spawn(call.in_current_span()).await.expect("joined")
}

async fn called(recorder: &Recorder) {
    let inner = Router::new()
        .route("/inner", get(|| async { "hello" }))
        .layer(server(recorder));
    let url = format!("http://{}/inner", serve(inner).await);
    let shared = recorder.clone();
    let outer = Router::new()
        .route("/outer", get(move || handler(shared.clone(), url.clone())))
        .layer(server(recorder));
    let address = serve(outer).await;
    let answer = reqwest::get(format!("http://{address}/outer"))
        .await
        .expect("a response");
    assert_eq!(answer.text().await.expect("a body"), "hello", "through both");
    spans(recorder, 4).await;
}

#[tokio::test]
async fn spans_of_both_make_one_tree() {
    let recorder = Recorder::new();
    let _bridge = bridge(&recorder, true);
    called(&recorder).await;
    let expected = "Server GET /outer
  Internal handler
    Client GET
      Server GET /inner";
    let tree = outline(&recorder, &[]);
    assert_eq!(tree, expected, "no double root, no orphan");
}

#[tokio::test]
async fn without_context_activation_a_spawned_call_is_lost_to_the_trace_but_handlers_are_not() {
    let recorder = Recorder::new();
    let _bridge = bridge(&recorder, false);
    called(&recorder).await;
    let expected = "Server GET /outer
  Internal handler
Client GET
  Server GET /inner";
    let tree = outline(&recorder, &[]);
    assert_eq!(
        tree, expected,
        "a span that tracing-opentelemetry does not activate is no parent"
    );
}
