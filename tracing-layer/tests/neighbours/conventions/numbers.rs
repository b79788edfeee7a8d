//! Whether the numbers are right, not only there.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::routing::post;
use futures_util::{StreamExt, stream};
use throughline_tracing_layer::EndAt;

use super::check::Witness;
use super::traced_server;

#[tokio::test]
async fn streamed_bytes_are_counted_and_durations_agree() {
    for (end_at, lasts) in [(EndAt::Body, true), (EndAt::Headers, false)] {
        let witness = Witness::new();
        let echo = |body: Body| async move {
            let late = body.into_data_stream().then(|piece| async {
                let began = Instant::now();
                while began.elapsed() < BODY {
                    tokio::task::yield_now().await;
                }
                piece
            });
            Body::from_stream(late)
        };
        let router = Router::new().route("/", post(echo));
        let layer = traced_server(&witness).with_end_at(end_at);
        let address = crate::serve(router.layer(layer)).await;
        let pieces = stream::iter(["ab", "cde"].map(Ok::<_, std::io::Error>));
        let client = reqwest::Client::new().post(format!("http://{address}/"));
        let response = client.body(reqwest::Body::wrap_stream(pieces)).send().await;
        let text = response.expect("a response").text().await.expect("a body");
        assert_eq!(text, "abcde", "as it was sent");
        let span = witness.length(end_at).await;
        let deadline = Instant::now() + Duration::from_secs(10);
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
        assert_eq!(span >= BODY, lasts, "{end_at:?}: a span of {span:?}");
    }
}

/// How long each piece of the body takes.
const BODY: Duration = Duration::from_millis(50);
