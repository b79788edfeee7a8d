//! rig, through its reqwest-middleware.

use futures_util::StreamExt;
use reqwest_middleware::ClientBuilder;
use rig_core::completion::CompletionRequest;
use rig_core::providers::openai::{OpenAI, OpenAIConfig, Route};
use rig_reqwest::ReqwestMiddlewareClient;
use throughline::llm::LlmMiddleware;
use throughline::{ClientLayer, LlmLayer};
use throughline_test_support::Recorder;

use crate::mock::Mock;
use crate::{llm, tokens};

/// A client of the mock with both layers.
pub(crate) fn client(mock: &Mock, recorder: &Recorder) -> OpenAI {
    client_with(mock, recorder, |layer| layer)
}

/// A client of the mock with both layers, one of them with settings.
pub(crate) fn client_with(mock: &Mock, recorder: &Recorder, set: fn(LlmLayer) -> LlmLayer) -> OpenAI {
    let chain = ClientBuilder::new(reqwest::Client::new())
        .with(LlmMiddleware::new(set(llm(recorder))))
        .with(ClientLayer::new().with_tracer_provider(recorder.tracer_provider()))
        .build();
    OpenAIConfig::new("key")
        .with_base_url(format!("http://{}/v1", mock.address))
        .with_route(Route::Chat)
        .connect(ReqwestMiddlewareClient::from(chain))
}

#[tokio::test]
async fn rig_through_its_middleware() {
    let (mock, recorder) = (Mock::start().await, Recorder::new());
    let model = client(&mock, &recorder).completion("gpt-4o");
    let answer = model.call(CompletionRequest::new("Hi")).await.expect("an answer");
    assert_eq!(answer.text(), "Hello", "in one piece");
    let mut stream = model.stream(CompletionRequest::new("Hi")).expect("a stream");
    while let Some(event) = stream.next().await {
        event.expect("an event");
    }
    assert_eq!(
        tokens(&recorder),
        ["chat gpt-4o 11 5 reported"; 2],
        "a span for each call"
    );
    assert_eq!(
        mock.paths(),
        ["/v1/chat/completions"; 2],
        "what the provider gets"
    );
}
