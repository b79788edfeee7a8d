//! Whether the numbers are right, not only there.

use axum::Router;
use axum::body::Body;
use axum::routing::post;
use futures_util::{StreamExt, stream};
use throughline_test_support::{TEST_TIMEOUT, poll_until};
use throughline_tracing_layer::EndAt;
use tokio::sync::watch;

use super::traced_server;
use super::witness::Witness;

#[tokio::test]
async fn streamed_bytes_are_counted_and_durations_agree() {
    for end_at in [EndAt::Body, EndAt::Headers] {
        let witness = Witness::new();
        let (release, held) = watch::channel(false);
        let echo = move |body: Body| async move {
            let late = body.into_data_stream().then(move |piece| {
                let mut held = held.clone();
                async move {
                    let _ = held.wait_for(|released| *released).await;
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
        if end_at == EndAt::Headers {
            witness.length(end_at).await;
        } else {
            assert!(!witness.has_spans(), "{end_at:?}: the body is on its way");
        }
        release.send_replace(true);
        let text = response.text().await.expect("a body");
        assert_eq!(text, "abcde", "as it was sent");
        let span = witness.length(end_at).await;
        let is_sized = async || (witness.sum("http.server.response.body.size") > 0.0).then_some(());
        poll_until(format!("{end_at:?}: a size"), TEST_TIMEOUT, is_sized).await;
        for size in ["http.server.request.body.size", "http.server.response.body.size"] {
            assert_eq!(witness.sum(size), 5.0, "{end_at:?}: {size}");
        }
        let duration = witness.sum("http.server.request.duration");
        let apart = (duration - span.as_secs_f64()).abs();
        assert!(
            apart < 1e-6,
            "{end_at:?}: a metric of {duration} s, a span of {span:?}"
        );
    }
}
