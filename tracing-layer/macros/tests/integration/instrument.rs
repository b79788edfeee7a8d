//! `#[traced]` beside tracing's `#[instrument]`, with tracing-opentelemetry.

use opentelemetry::trace::TracerProvider;
use throughline_tracing_layer::traced;
use tracing_subscriber::layer::SubscriberExt;

use crate::{RECORDER, below, now};

#[tracing::instrument]
async fn instrumented() {
    tokio::task::yield_now().await;
    leaf();
}

#[traced]
fn leaf() {}

#[traced]
async fn ours() {
    tokio::task::yield_now().await;
    instrumented().await;
    leaf();
}

#[traced(name = "traced above")]
#[tracing::instrument(name = "instrument below")]
async fn traced_first() {
    tokio::task::yield_now().await;
    leaf();
}

#[tracing::instrument(name = "instrument above")]
#[traced(name = "traced below")]
async fn instrument_first() {
    tokio::task::yield_now().await;
    leaf();
}

#[test]
fn spans_of_both_nest() {
    let tracer = RECORDER.tracer_provider().tracer("tracing");
    let layer = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_level(false)
        .with_tracked_inactivity(false);
    let subscriber = tracing_subscriber::registry().with(layer);
    let tree = tracing::subscriber::with_default(subscriber, || {
        below("both", || {
            now(ours());
            now(traced_first());
            now(instrument_first());
        })
    });
    let expected = "\
Internal ours
  Internal instrumented
    Internal leaf
  Internal leaf
Internal instrument below
  Internal traced above
    Internal leaf
Internal traced below
  Internal instrument above
    Internal leaf
";
    assert_eq!(tree, expected, "one trace, each span under the one it runs in");
}
