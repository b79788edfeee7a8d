//! Libraries with `tracing` spans of their own: the tokens of a call stand on one span.

use genai::chat::{ChatMessage, ChatRequest};
use opentelemetry::trace::TracerProvider;
use rig_core::completion::CompletionRequest;
use throughline::llm::Role;
use throughline::telemetry::tracing_spans::without_model_calls;
use throughline_test_support::Recorder;
use tracing_subscriber::filter::{FilterExt, LevelFilter, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};

use crate::mock::Mock;
use crate::{rig, tokens};

/// Bridges `tracing` spans to the recorder on this thread, in the way of `Telemetry::trace_layer`.
fn bridge(
    recorder: &Recorder,
    filter: fn(&tracing::Metadata<'_>) -> bool,
) -> tracing::subscriber::DefaultGuard {
    let tracer = recorder.tracer_provider().tracer("tracing");
    let layer = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_filter(LevelFilter::INFO.and(filter_fn(filter)));
    tracing::subscriber::set_default(tracing_subscriber::registry().with(layer))
}

async fn send(mock: &Mock, recorder: &Recorder) {
    let model = rig::client(mock, recorder).completion("gpt-4o");
    model.call(CompletionRequest::new("Hi")).await.expect("an answer");
}

/// What happens without a measure: this is the state that the next two tests mend.
#[tokio::test]
async fn tokens_stand_on_two_spans() {
    let (mock, recorder) = (Mock::start().await, Recorder::new());
    let _bridge = bridge(&recorder, |_| true);
    send(&mock, &recorder).await;
    let mut found = tokens(&recorder);
    found.sort();
    assert_eq!(
        found,
        ["chat 11 5", "chat gpt-4o 11 5 reported"],
        "rig's span and ours"
    );
}

#[tokio::test]
async fn without_the_span_of_rig() {
    let (mock, recorder) = (Mock::start().await, Recorder::new());
    let _bridge = bridge(&recorder, without_model_calls);
    let outer = tracing::info_span!("question");
    tracing::Instrument::instrument(send(&mock, &recorder), outer).await;
    assert_eq!(tokens(&recorder), ["chat gpt-4o 11 5 reported"], "ours only");
    let tree = recorder.tree(&[]);
    let names: Vec<&str> = tree
        .lines()
        .filter(|line| !line.trim_start().starts_with(['-', '!']))
        .collect();
    let expected = ["Internal question", "  Client chat gpt-4o", "    Client POST"];
    assert_eq!(names, expected, "our span has the parent of rig's: {tree}");
}

#[tokio::test]
async fn our_span_without_usage() {
    let (mock, recorder) = (Mock::start().await, Recorder::new());
    let _bridge = bridge(&recorder, |_| true);
    let model = rig::client_with(&mock, &recorder, |layer| layer.with_role(Role::Proxy)).completion("gpt-4o");
    model.call(CompletionRequest::new("Hi")).await.expect("an answer");
    assert_eq!(tokens(&recorder), ["chat 11 5"], "rig's only");
}

/// genai declares its spans in another module and under another name.
#[tokio::test]
async fn without_the_span_of_genai() {
    let (mock, recorder) = (Mock::start().await, Recorder::new());
    let loopback = crate::loopback::loopback(&mock, &recorder).await;
    let client = crate::loopback::genai_client(loopback.base_url());
    for (filter, expected) in [
        ((|_| true) as fn(&tracing::Metadata<'_>) -> bool, 2),
        (without_model_calls, 1),
    ] {
        let before = tokens(&recorder).len();
        let _bridge = bridge(&recorder, filter);
        let request = ChatRequest::new(vec![ChatMessage::user("Hi")]);
        client
            .exec_chat("gpt-4o", request, None)
            .await
            .expect("an answer");
        assert_eq!(
            tokens(&recorder).len() - before,
            expected,
            "spans with tokens: {}",
            recorder.tree(&[])
        );
    }
}
