//! Client libraries that own their HTTP client, through a loopback.

use futures_util::StreamExt;
use genai::adapter::AdapterKind;
use genai::chat::{ChatMessage, ChatOptions, ChatRequest, ChatStreamEvent};
use genai::resolver::{AuthData, Endpoint};
use genai::{ModelIden, ServiceTarget};
use llm::builder::{LLMBackend, LLMBuilder};
use ollama_rs::Ollama;
use ollama_rs::generation::chat::request::ChatMessageRequest;
use throughline::ClientLayer;
use throughline::agents::agent;
use throughline::loopback::Loopback;
use throughline::propagation::W3cPropagator;
use throughline_test_support::Recorder;
use tower::ServiceBuilder;

use crate::mock::Mock;
use crate::{llm as llm_layer, tokens};

/// A loopback to the mock, with both layers.
pub(crate) async fn loopback(mock: &Mock, recorder: &Recorder) -> Loopback {
    let http = ClientLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_propagator(W3cPropagator::new());
    let client = ServiceBuilder::new()
        .layer(llm_layer(recorder))
        .layer(http)
        .service(reqwest::Client::new());
    let loopback = Loopback::start(&format!("http://{}", mock.address), client).await;
    loopback.expect("a loopback")
}

/// The names of the spans, indented by their depth.
fn names(recorder: &Recorder) -> String {
    let tree = recorder.tree(&[]);
    let is_span = |line: &&str| !line.trim_start().starts_with(['-', '!']);
    tree.lines().filter(is_span).collect::<Vec<_>>().join("\n")
}

pub(crate) fn genai_client(base_url: &str) -> genai::Client {
    let endpoint = Endpoint::from_owned(format!("{base_url}/v1/"));
    let resolve = move |target: ServiceTarget| -> Result<ServiceTarget, genai::resolver::Error> {
        Ok(ServiceTarget {
            endpoint: endpoint.clone(),
            auth: AuthData::from_single("key"),
            model: ModelIden::new(AdapterKind::OpenAI, target.model.model_name),
        })
    };
    let client = genai::Client::builder()
        .with_service_target_resolver_fn(resolve)
        .build();
    client.expect("a client")
}

#[tokio::test]
async fn genai_belongs_to_the_agent_that_calls() {
    let (mock, recorder) = (Mock::start().await, Recorder::new());
    let loopback = loopback(&mock, &recorder).await;
    let planner = agent("Planner").with_tracer_provider(recorder.tracer_provider());
    let work = async {
        let scope = loopback.scope();
        let client = genai_client(scope.base_url());
        let request = ChatRequest::new(vec![ChatMessage::user("Hi")]);
        let answer = client
            .exec_chat("gpt-4o", request.clone(), None)
            .await
            .expect("an answer");
        assert_eq!(answer.first_text(), Some("Hello"), "in one piece");
        let options = ChatOptions::default().with_capture_usage(true);
        let stream = client.exec_chat_stream("gpt-4o", request, Some(&options)).await;
        let mut stream = stream.expect("a stream").stream;
        let mut text = String::new();
        while let Some(event) = stream.next().await {
            if let ChatStreamEvent::Chunk(chunk) = event.expect("an event") {
                text += &chunk.content;
            }
        }
        assert_eq!(text, "Hello", "streamed");
    };
    planner.run(work).await;
    let counted = tokens(&recorder);
    let expected = ["chat gpt-4o 11 5 reported"; 2];
    assert_eq!(counted[..2], expected, "a span for each call");
    let expected = "\
Internal invoke_agent Planner
  Client chat gpt-4o
    Client POST
  Client chat gpt-4o
    Client POST";
    assert_eq!(names(&recorder), expected, "the agent is the parent");
    let spans = recorder.spans();
    let planner = spans
        .iter()
        .find(|span| span.name == "invoke_agent Planner")
        .expect("the agent");
    let total = crate::attribute(planner, "gen_ai.usage.input_tokens");
    assert_eq!(total.as_deref(), Some("22"), "the agent's total: {planner:?}");
    assert_eq!(
        mock.paths(),
        ["/v1/chat/completions"; 2],
        "what the provider gets"
    );
    for sent in mock.requests() {
        assert_eq!(sent.headers["authorization"], "Bearer key", "the key passes");
        let trace = sent.headers["traceparent"].to_str().expect("text").to_owned();
        assert!(
            trace.contains(&planner.span_context.trace_id().to_string()),
            "the trace: {trace}"
        );
    }
}

#[tokio::test]
async fn ollama_rs() {
    let (mock, recorder) = (Mock::start().await, Recorder::new());
    let loopback = loopback(&mock, &recorder).await;
    let client = Ollama::try_new(format!("{}/", loopback.base_url())).expect("a URL");
    let message = ollama_rs::generation::chat::ChatMessage::user("Hi".to_owned());
    let request = ChatMessageRequest::new("llama".to_owned(), vec![message]);
    client
        .send_chat_messages(request.clone())
        .await
        .expect("an answer");
    let mut stream = client.send_chat_messages_stream(request).await.expect("a stream");
    let mut text = String::new();
    while let Some(part) = stream.next().await {
        text += &part.expect("a part").message.content;
    }
    assert_eq!(text, "Hello", "streamed");
    assert_eq!(
        tokens(&recorder),
        ["chat llama 26 3 reported"; 2],
        "a span for each call"
    );
    assert_eq!(mock.paths(), ["/api/chat"; 2], "what the provider gets");
}

#[tokio::test]
async fn llm() {
    let (mock, recorder) = (Mock::start().await, Recorder::new());
    let loopback = loopback(&mock, &recorder).await;
    let client = LLMBuilder::new()
        .backend(LLMBackend::OpenAI)
        .base_url(format!("{}/v1/", loopback.base_url()))
        .api_key("key")
        .model("gpt-4o")
        .build()
        .expect("a client");
    let messages = [llm::chat::ChatMessage::user().content("Hi").build()];
    let answer = client.chat(&messages).await.expect("an answer");
    assert_eq!(answer.text().as_deref(), Some("Hello"), "in one piece");
    let mut stream = client.chat_stream(&messages).await.expect("a stream");
    let mut text = String::new();
    while let Some(part) = stream.next().await {
        text += &part.expect("a part");
    }
    assert_eq!(text, "Hello", "streamed");
    assert_eq!(
        tokens(&recorder),
        ["chat gpt-4o 11 5 reported"; 2],
        "a span for each call"
    );
    assert_eq!(mock.paths(), ["/v1/responses"; 2], "what the provider gets");
}
