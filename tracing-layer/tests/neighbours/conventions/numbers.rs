//! Whether the numbers are right, not only there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::routing::post;
use futures_util::{StreamExt, stream};
use throughline_tracing_layer::EndAt;
use tokio::sync::Semaphore;

use super::check::Witness;
use super::traced_server;
use crate::PATIENCE;

#[tokio::test]
async fn streamed_bytes_are_counted_and_durations_agree() {
    for end_at in [EndAt::Body, EndAt::Headers] {
        let witness = Witness::new();
        let gate = Arc::new(Semaphore::new(0));
        let waits = Arc::clone(&gate);
        let echo = async move |body: Body| {
            let late = body.into_data_stream().then(move |piece| {
                let gate = Arc::clone(&waits);
                async move {
                    drop(gate.acquire().await.expect("not closed"));
                    piece
                }
            });
            Body::from_stream(late)
        };
        let router = Router::new().route("/", post(echo));
        let layer = traced_server(&witness).with_end_at(end_at);
        let address = crate::serve(router.layer(layer)).await;
        let pieces = stream::iter(["ab", "cde"].map(Ok::<_, std::io::Error>));
        let client = reqwest::Client::new().post(format!("http://{address}/"));
        let response = client.body(reqwest::Body::wrap_stream(pieces)).send().await;
        let response = response.expect("a response");
        let began = Instant::now();
        let by_now = witness.has_ended();
        assert_eq!(
            by_now,
            end_at == EndAt::Headers,
            "{end_at:?}: while the body is held"
        );
        while began.elapsed() < BODY {
            tokio::task::yield_now().await;
        }
        gate.add_permits(1);
        let text = response.text().await.expect("a body");
        assert_eq!(text, "abcde", "as it was sent");
        let span = witness.length(end_at).await;
        let deadline = Instant::now() + PATIENCE;
        while witness.sum("http.server.response.body.size") == 0.0 {
            assert!(Instant::now() < deadline, "{end_at:?}: no size");
            tokio::task::yield_now().await;
        }
        for size in ["http.server.request.body.size", "http.server.response.body.size"] {
            assert_eq!(witness.sum(size), 5.0, "{end_at:?}: {size}");
        }
        let duration = witness.sum("http.server.request.duration");
        let apart = (duration - span.as_secs_f64()).abs();
        assert!(
            apart < 1e-6,
            "{end_at:?}: a metric of {duration} s, a span of {span:?}"
        );
        assert!(by_now || span >= BODY, "{end_at:?}: a span of {span:?}");
    }
}

/// How long the body is held.
const BODY: Duration = Duration::from_millis(20);
