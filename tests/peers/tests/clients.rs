//! The layer in Rust's clients, against a mock of all providers: every number exact, in one piece, streamed
//! and cut.

use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessageArgs, ChatCompletionStreamOptions, CreateChatCompletionRequestArgs,
};
use async_openai::types::embeddings::CreateEmbeddingRequestArgs;
use async_openai::types::responses::CreateResponseArgs;
use axum::http::{Request, header};
use futures_util::StreamExt;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::rt::TokioExecutor;
use throughline::LlmLayer;
use throughline::llm::{AsyncOpenAi, wait_idle};
use throughline_test_support::{Recorder, SpanData};
use tower::{ServiceBuilder, ServiceExt};

use crate::aimock::Aimock;
use crate::peer::DEADLINE;

/// A call, and the attributes that its span must have.
struct Call {
    path: &'static str,
    body: &'static str,
    expected: &'static str,
}

#[tokio::test]
async fn every_number_is_exact_through_hyper() {
    let aimock = Aimock::start().await;
    for call in CALLS {
        let recorder = Recorder::new();
        let client = ServiceBuilder::new()
            .layer(LlmLayer::new().with_tracer_provider(recorder.tracer_provider()))
            .service(Hyper::builder(TokioExecutor::new()).build_http());
        let request = Request::post(format!("http://{}{}", aimock.address, call.path))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::<axum::body::Bytes>::from(call.body))
            .expect("a request");
        let response = client.oneshot(request).await.expect("an answer");
        let read = response.into_body().collect().await;
        assert_eq!(read.is_err(), call.is_cut(), "{} {}: cut", call.path, call.body);
        call.check(&recorder);
    }
}

#[tokio::test]
async fn every_number_is_exact_through_reqwest() {
    let aimock = Aimock::start().await;
    for call in CALLS {
        let recorder = Recorder::new();
        let client = ServiceBuilder::new()
            .layer(LlmLayer::new().with_tracer_provider(recorder.tracer_provider()))
            .service(reqwest::Client::new());
        let request = reqwest::Client::new()
            .post(format!("http://{}{}", aimock.address, call.path))
            .header(header::CONTENT_TYPE, "application/json")
            .body(call.body)
            .build()
            .expect("a request");
        let response = client.oneshot(request).await.expect("an answer");
        let read = response.bytes().await;
        assert_eq!(read.is_err(), call.is_cut(), "{} {}: cut", call.path, call.body);
        call.check(&recorder);
    }
}

#[tokio::test]
async fn every_number_is_exact_through_async_openai() {
    let aimock = Aimock::start().await;
    let recorder = Recorder::new();
    let layer = LlmLayer::new().with_tracer_provider(recorder.tracer_provider());
    let service = AsyncOpenAi::new(layer, reqwest::Client::new());
    let config = OpenAIConfig::new()
        .with_api_base(format!("http://{}/v1", aimock.address))
        .with_api_key("test");
    let client = async_openai::Client::with_config(config).with_http_service(service);

    let hi = ChatCompletionRequestUserMessageArgs::default()
        .content("Hi")
        .build()
        .expect("a message");
    let mut chat = CreateChatCompletionRequestArgs::default();
    chat.model("gpt-4o").messages([hi.into()]);
    let mut response = CreateResponseArgs::default();
    response.model("gpt-5").input("Hi");
    let embedding = CreateEmbeddingRequestArgs::default()
        .model("text-embedding-3-small")
        .input("Hi")
        .build();

    let answer = client
        .chat()
        .create(chat.build().expect("a request"))
        .await
        .expect("an answer");
    assert_eq!(
        answer.usage.expect("usage").prompt_tokens,
        11,
        "what the caller sees"
    );
    // The mock leaves out members that this client wants: the caller gets its error, the span the numbers.
    let answer = client
        .responses()
        .create(response.build().expect("a request"))
        .await;
    assert!(answer.is_err(), "without input_tokens_details: {answer:?}");
    client
        .embeddings()
        .create(embedding.expect("a request"))
        .await
        .expect("an answer");
    let stream = chat.stream_options(ChatCompletionStreamOptions {
        include_usage: Some(true),
        include_obfuscation: None,
    });
    let mut stream = client
        .chat()
        .create_stream(stream.build().expect("a request"))
        .await
        .expect("a stream");
    while let Some(chunk) = stream.next().await {
        chunk.expect("a chunk");
    }
    let expected = [
        r#"chat gpt-4o 11 5 reported ["stop"]"#,
        r#"chat gpt-5 31 7 reported ["stop"]"#,
        "embeddings text-embedding-3-small 0 - reported",
        r#"chat gpt-4o 11 5 reported ["stop"]"#,
    ];
    assert_eq!(tokens(&recorder), expected, "a span for each call");
}

impl Call {
    fn is_cut(&self) -> bool {
        self.expected.ends_with("unexpected_eof")
    }

    fn check(&self, recorder: &Recorder) {
        let recorded = tokens(recorder);
        assert_eq!(
            recorded,
            [self.expected],
            "{} {}:\n{}",
            self.path,
            self.body,
            recorder.tree(&[])
        );
    }
}

/// Name, input and output tokens (`~` before estimates), provenance, finish reasons and error of each span.
fn tokens(recorder: &Recorder) -> Vec<String> {
    assert!(wait_idle(DEADLINE), "all calls are recorded");
    let line = |span: SpanData| {
        let text = |key: &str| {
            let attribute = span
                .attributes
                .iter()
                .find(|attribute| attribute.key.as_str() == key);
            attribute.map(|attribute| attribute.value.to_string())
        };
        let count = |direction: &str| {
            text(&format!("gen_ai.usage.{direction}_tokens"))
                .or_else(|| Some(format!("~{}", text(&format!("throughline.tokens.{direction}"))?)))
                .unwrap_or_else(|| "-".to_owned())
        };
        let source = text("throughline.tokens.source").unwrap_or_default();
        let finish = text("gen_ai.response.finish_reasons").unwrap_or_default();
        let error = text("error.type").unwrap_or_default();
        let line = format!(
            "{} {} {} {source} {finish} {error}",
            span.name,
            count("input"),
            count("output")
        );
        line.trim_end().to_owned()
    };
    recorder.spans().into_iter().map(line).collect()
}

const fn call(path: &'static str, body: &'static str, expected: &'static str) -> Call {
    Call { path, body, expected }
}

/// Calls of every provider, and what the mock says of them in `aimock.json`; it counts nothing for Ollama and
/// embeddings, and ends InvokeModel's stream with a usage of 0.
const CALLS: &[Call] = &[
    call(
        "/v1/chat/completions",
        r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]}"#,
        r#"chat gpt-4o 11 5 reported ["stop"]"#,
    ),
    call(
        "/v1/chat/completions",
        r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}],"stream":true,"stream_options":{"include_usage":true}}"#,
        r#"chat gpt-4o 11 5 reported ["stop"]"#,
    ),
    call(
        "/v1/chat/completions",
        r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}],"stream":true}"#,
        r#"chat gpt-4o ~8 ~14 estimated ["stop"]"#,
    ),
    call(
        "/v1/chat/completions",
        r#"{"model":"gpt-4o","messages":[{"role":"user","content":"cut"}],"stream":true}"#,
        r#"chat gpt-4o ~8 ~3 estimated ["error"] unexpected_eof"#,
    ),
    call(
        "/v1/chat/completions",
        r#"{"model":"gpt-4o","messages":[{"role":"user","content":"refuse"}],"stream":true}"#,
        "chat gpt-4o - - unknown  rate_limit_exceeded",
    ),
    call(
        "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
        r#"{"messages":[{"role":"user","content":"Hi"}]}"#,
        r#"chat gpt-4o 11 5 reported ["stop"]"#,
    ),
    call(
        "/v1/responses",
        r#"{"model":"gpt-5","input":"Hi"}"#,
        r#"chat gpt-5 31 7 reported ["stop"]"#,
    ),
    call(
        "/v1/responses",
        r#"{"model":"gpt-5","input":"Hi","stream":true}"#,
        r#"chat gpt-5 31 7 reported ["stop"]"#,
    ),
    call(
        "/v1/responses",
        r#"{"model":"gpt-5","input":"cut","stream":true}"#,
        r#"chat gpt-5 ~8 - estimated ["error"] unexpected_eof"#,
    ),
    call(
        "/v1/embeddings",
        r#"{"model":"text-embedding-3-small","input":"Hi"}"#,
        "embeddings text-embedding-3-small 0 - reported",
    ),
    call(
        "/v1/messages",
        r#"{"model":"claude","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#,
        r#"chat claude 21 6 reported ["end_turn"]"#,
    ),
    call(
        "/v1/messages",
        r#"{"model":"claude","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"stream":true}"#,
        r#"chat claude 21 6 reported ["end_turn"]"#,
    ),
    call(
        "/v1/messages",
        r#"{"model":"claude","max_tokens":9,"messages":[{"role":"user","content":"cut"}],"stream":true}"#,
        r#"chat claude 12 11 partial ["error"] unexpected_eof"#,
    ),
    call(
        "/v1beta/models/gemini:generateContent",
        r#"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}"#,
        r#"generate_content gemini 41 8 reported ["STOP"]"#,
    ),
    call(
        "/v1beta/models/gemini:streamGenerateContent?alt=sse",
        r#"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}"#,
        r#"generate_content gemini 41 8 reported ["STOP"]"#,
    ),
    call(
        "/v1/projects/p/locations/l/publishers/google/models/gemini:generateContent",
        r#"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}"#,
        r#"generate_content gemini 41 8 reported ["STOP"]"#,
    ),
    call(
        "/api/chat",
        r#"{"model":"llama","messages":[{"role":"user","content":"Hi"}]}"#,
        r#"chat llama ~8 ~5 estimated ["stop"]"#,
    ),
    call(
        "/api/chat",
        r#"{"model":"llama","messages":[{"role":"user","content":"Hi"}],"stream":false}"#,
        r#"chat llama ~8 ~5 estimated ["stop"]"#,
    ),
    call(
        "/api/generate",
        r#"{"model":"llama","prompt":"Hi"}"#,
        r#"text_completion llama ~1 ~5 estimated ["stop"]"#,
    ),
    call(
        "/v2/chat",
        r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]}"#,
        r#"chat gpt-4o 11 5 reported ["COMPLETE"]"#,
    ),
    call(
        "/v2/chat",
        r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}],"stream":true}"#,
        r#"chat gpt-4o 11 5 reported ["COMPLETE"]"#,
    ),
    call(
        "/model/claude/converse",
        r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#,
        r#"chat claude 21 6 reported ["end_turn"]"#,
    ),
    call(
        "/model/claude/converse-stream",
        r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#,
        r#"chat claude 21 6 reported ["end_turn"]"#,
    ),
    call(
        "/model/claude/invoke-with-response-stream",
        r#"{"max_tokens":9,"anthropic_version":"bedrock-2023-05-31","messages":[{"role":"user","content":"Hi"}]}"#,
        r#"chat claude 21 6 reported ["end_turn"]"#,
    ),
];
