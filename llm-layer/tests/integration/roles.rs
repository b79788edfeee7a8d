//! An application that calls a model through a gateway.

use std::cell::RefCell;
use std::convert::Infallible;

use http::{Request, Response};
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use throughline_llm_layer::{Convention, LlmLayer, RequestBody, Role};
use throughline_test_support::Recorder;
use tower::{Layer, Service, service_fn};

use crate::support::{CHAT, Chunks, HELLO, HELLO_STREAMED, MASKED, block_on, layer, read, recorded};

/// Calls through both layers, as if they were in two processes.
fn call_through(application: &LlmLayer, gateway: &LlmLayer, uri: &str, body: &str, answer: &'static str) {
    let provider = service_fn(|_: Request<RequestBody<Chunks>>| async move {
        let response = match answer.starts_with("data:") {
            true => Response::builder().header("content-type", "text/event-stream"),
            false => Response::builder(),
        };
        Ok::<_, Infallible>(response.body(Chunks::from_iter([answer])).unwrap())
    });
    let gateway = RefCell::new(gateway.layer(provider));
    let network = service_fn(|request: Request<RequestBody<Chunks>>| {
        let sender = Context::current().span().span_context().clone();
        let elsewhere = Context::new().with_remote_span_context(sender).attach();
        let request = request.map(|body| Chunks::from_iter([read(body)]));
        let Ok(response) = block_on(gateway.borrow_mut().call(request));
        let response = response.map(|body| Chunks::from_iter([read(body)]));
        drop(elsewhere);
        async move { Ok::<_, Infallible>(response) }
    });
    let request = Request::post(uri)
        .body(Chunks::from_iter([body.to_owned()]))
        .unwrap();
    let Ok(response) = block_on(application.layer(network).call(request));
    assert_eq!(read(response.into_body()), answer, "the answer");
    recorded();
}

/// The metrics of tokens.
fn tokens(recorder: &Recorder) -> Vec<String> {
    let is_token =
        |line: &String| line.contains("token") && !line.contains("time_") || line.starts_with("prompt_size");
    let lines = recorder.metrics().into_iter().chain(recorder.sums());
    lines.filter(is_token).collect()
}

#[test]
fn every_token_counts_once_however_many_hops_see_it() {
    let cases = [
        ("whole", CHAT, HELLO, ANSWER),
        ("streamed", CHAT, HELLO_STREAMED, STREAM),
        ("estimated", CHAT, HELLO, WITHOUT_USAGE),
        ("failed", CHAT, HELLO, "{}"),
        (
            "embeddings",
            "https://api.openai.com/v1/embeddings",
            r#"{"model":"e","input":"Hello"}"#,
            r#"{"data":[{"embedding":[0.5]}],"usage":{"prompt_tokens":3,"total_tokens":3}}"#,
        ),
    ];
    for (name, uri, body, answer) in cases {
        let seen = |role| {
            let recorder = Recorder::new();
            let client = layer(&recorder)
                .with_convention(Convention::Both)
                .with_estimates_in_metrics(true);
            let gateway = client.clone().with_role(role);
            call_through(&client.with_role(Role::Client), &gateway, uri, body, answer);
            tokens(&recorder)
        };
        let alone = Recorder::new();
        let client = layer(&alone)
            .with_convention(Convention::Both)
            .with_estimates_in_metrics(true);
        call_through(&client, &LlmLayer::new(), uri, body, answer);
        let alone = tokens(&alone);
        assert!(!alone.is_empty(), "{name}: something is counted");
        assert_eq!(seen(Role::Proxy), alone, "{name}: by the application only");
        assert_ne!(seen(Role::Client), alone, "{name}: two clients count twice");
    }
}

#[test]
fn the_span_of_a_proxy_says_so_and_leaves_the_conventions_usage_to_its_caller() {
    let recorder = Recorder::new();
    let client = layer(&recorder).with_role(Role::Client);
    let gateway = layer(&recorder)
        .with_role(Role::Proxy)
        .with_legacy_attributes(true)
        .with_openinference(true);
    call_through(&client, &gateway, CHAT, HELLO, ANSWER);
    assert_eq!(recorder.tree(MASKED), TREE, "the spans");
}

const ANSWER: &str = r#"{"model":"m","choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":8,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":1}}}"#;
const WITHOUT_USAGE: &str =
    r#"{"model":"m","choices":[{"message":{"content":"Hi there"},"finish_reason":"stop"}]}"#;
const STREAM: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":8,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";

const TREE: &str = r#"Client chat gpt-4o
  - gen_ai.operation.name="chat"
  - gen_ai.provider.name="openai"
  - gen_ai.request.model="gpt-4o"
  - gen_ai.response.finish_reasons=["stop"]
  - gen_ai.response.model="m"
  - gen_ai.usage.cache_read.input_tokens=4
  - gen_ai.usage.input_tokens=8
  - gen_ai.usage.output_tokens=2
  - gen_ai.usage.reasoning.output_tokens=1
  - openai.api.type="chat_completions"
  - server.address="api.openai.com"
  - server.port=443
  - throughline.role="client"
  - throughline.tokens.source="reported"
  Client chat gpt-4o
    - gen_ai.operation.name="chat"
    - gen_ai.provider.name="openai"
    - gen_ai.request.model="gpt-4o"
    - gen_ai.response.finish_reasons=["stop"]
    - gen_ai.response.model="m"
    - llm.invocation_parameters="{}"
    - llm.model="gpt-4o"
    - llm.model_name="m"
    - llm.prompt_length=5
    - llm.provider="openai"
    - openai.api.type="chat_completions"
    - openinference.span.kind="LLM"
    - server.address="api.openai.com"
    - server.port=443
    - throughline.role="proxy"
    - throughline.tokens.input=8
    - throughline.tokens.output=2
    - throughline.tokens.source="reported"
"#;
