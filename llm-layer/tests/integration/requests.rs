//! Which requests are observed, and how they pass.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use throughline_llm_layer::RequestBody;
use throughline_test_support::Recorder;
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{CHAT, Chunks, HELLO, MASKED, block_on, exchange, layer, read};

const INPUT: &str = r#"{"model":"m","input":"Hello","prompt":"Hello"}"#;
const CLAUDE: &str = r#"{"model":"m","max_tokens":9,"messages":[]}"#;
const CONTENTS: &str = r#"{"contents":[{"parts":[{"text":"Hello"}]}]}"#;

fn gemini(method: &str) -> String {
    format!("https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:{method}")
}

fn answer() -> Response<Chunks> {
    Response::new(Chunks::from_iter([
        r#"{"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#,
    ]))
}

/// With the feature `reqwest`, combinators did not compile without the type of the request (E0283).
#[test]
fn combinators_infer_the_request() {
    let recorder = Recorder::new();
    let service = service_fn(|_: Request<RequestBody<Full<Bytes>>>| async {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(r#"{"model":"m-1"}"#)))
    });
    let service = layer(&recorder).layer(service);
    let service = service.map_response(|response| response.status());
    let request = Request::post(CHAT).body(Full::from(HELLO)).unwrap();
    let status = block_on(service.oneshot(request)).unwrap();
    assert_eq!(status, 200, "the response, mapped");
}

#[test]
fn what_is_no_model_call_passes() {
    let cases = [
        (Method::GET, CHAT, HELLO),
        (
            Method::POST,
            "https://api.openai.com/v1/chat/completions/chatcmpl-1",
            HELLO,
        ),
        (Method::POST, "https://api.openai.com/v1/files", HELLO),
        (Method::POST, CHAT, r#"{"model":"gpt-4o"}"#),
        (
            Method::GET,
            "https://api.openai.com/v1/responses/resp_1/input_items",
            "",
        ),
        (Method::DELETE, "https://api.openai.com/v1/responses/resp_1", ""),
        (
            Method::POST,
            "https://api.openai.com/v1/responses/resp_1/cancel",
            "",
        ),
        (
            Method::POST,
            "https://api.openai.com/v1/responses/input_tokens",
            INPUT,
        ),
        (
            Method::POST,
            "https://api.anthropic.com/v1/messages/count_tokens",
            CLAUDE,
        ),
        (
            Method::POST,
            "https://api.anthropic.com/v1/messages/batches",
            CLAUDE,
        ),
        (Method::POST, "https://api.anthropic.com/v1/messages", HELLO),
        (Method::POST, &gemini("countTokens"), CONTENTS),
        (Method::POST, &gemini("batchGenerateContent"), CONTENTS),
        (
            Method::POST,
            "https://us-central1-aiplatform.googleapis.com/v1/models/imagen-4:predict",
            r#"{"instances":[{"image":"a cat"}]}"#,
        ),
        (
            Method::POST,
            "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/count-tokens",
            HELLO,
        ),
        (
            Method::POST,
            "https://lambda.us-east-1.amazonaws.com/functions/f/invoke",
            HELLO,
        ),
        (Method::POST, "https://api.cohere.com/v2/rerank", INPUT),
        (Method::POST, "https://api.cohere.com/v2/tokenize", INPUT),
        (
            Method::GET,
            "https://api.mistral.ai/v1/conversations/conv_1/history",
            "",
        ),
        (
            Method::POST,
            "https://chat.example.com/v1/conversations/conv_1",
            r#"{"inputs":[]}"#,
        ),
        (
            Method::POST,
            "http://localhost:11434/api/show",
            r#"{"model":"m"}"#,
        ),
        (
            Method::POST,
            "http://localhost:11434/api/chat",
            r#"{"text":"hi"}"#,
        ),
        (Method::POST, CHAT, "[]"),
    ];
    for (method, uri, body) in cases {
        let recorder = Recorder::new();
        let request = Request::builder()
            .method(&method)
            .uri(uri)
            .body(Chunks::from_iter([body]));
        let (sent, answered) = exchange(&layer(&recorder), request.unwrap(), answer());
        assert_eq!(sent, body, "{method} {uri} {body}: the body");
        assert_eq!(*answered.body(), read(answer().into_body()), "{uri}: the answer");
        assert_eq!(recorder.tree(MASKED), "", "{method} {uri} {body}: no span");
    }
}

#[test]
fn what_was_not_seen_of_a_request() {
    let cases = [
        ("too_large", "identity", HELLO, 10),
        ("encoded", "compress", HELLO, 1000),
        #[cfg(feature = "encodings")]
        ("malformed", "gzip", HELLO, 1000),
        ("malformed", "identity", "{", 1000),
    ];
    for (reason, encoding, body, limit) in cases {
        let recorder = Recorder::new();
        let request = Request::post(CHAT).header("content-encoding", encoding);
        // What crosses the limit is read to the end of its frame.
        let chunks = body.as_bytes().chunks(7).map(Bytes::copy_from_slice).collect();
        let layer = layer(&recorder).with_request_limit(limit);
        let (sent, _) = exchange(&layer, request.body(chunks).unwrap(), answer());
        assert_eq!(sent, body, "{reason}: the body passes");
        let expected = format!(
            "Client chat\n  - gen_ai.operation.name=\"chat\"\n  - gen_ai.provider.name=\"openai\"\n  \
             - gen_ai.response.finish_reasons=[\"stop\"]\n  - gen_ai.usage.input_tokens=1\n  \
             - gen_ai.usage.output_tokens=2\n  - openai.api.type=\"chat_completions\"\n  - server.address=\"api.openai.com\"\n  - server.port=443\n  \
             - throughline.request.unseen=\"{reason}\"\n  - throughline.tokens.source=\"reported\"\n"
        );
        assert_eq!(recorder.tree(MASKED), expected, "{reason}: the span");
    }
}

#[test]
fn what_was_not_seen_of_a_response() {
    let recorder = Recorder::new();
    let mut response = answer();
    response
        .headers_mut()
        .insert("content-encoding", "compress".parse().unwrap());
    let request = Request::post(CHAT).body(Chunks::from_iter([HELLO])).unwrap();
    exchange(&layer(&recorder), request, response);
    let tree = recorder.tree(MASKED);
    assert!(
        tree.contains("throughline.response.unseen=\"encoded\""),
        "said: {tree}"
    );
    assert!(tree.starts_with("Client chat gpt-4o\n"), "and no error: {tree}");
    assert!(!tree.contains("output"), "and no number: {tree}");
}
