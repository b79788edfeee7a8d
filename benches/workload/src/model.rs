//! A unary model call: a request, and a provider that answers it.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::LazyLock;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower_service::Service;

use crate::requests::read;

/// Reads each request to its end and answers immediately with fixed bytes.
#[derive(Debug, Clone, Copy)]
pub struct Provider;

impl<B: Body> Service<Request<B>> for Provider {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        read(request.into_body());
        let response = Response::builder().header("content-type", "application/json");
        let response = response.body(Full::from(ANSWER));
        ready(Ok(response.expect("a response")))
    }
}

/// A request of the chat completions API with a prompt of 1 KiB.
pub fn model_call(_: usize) -> Request<Full<Bytes>> {
    static BODY: LazyLock<Bytes> = LazyLock::new(|| {
        let text = "A sentence of ordinary words, neither long nor short. ".repeat(PROMPT);
        let prompt = &text[..PROMPT];
        format!(r#"{{"model":"gpt-4o","messages":[{{"role":"user","content":"{prompt}"}}]}}"#).into()
    });
    Request::post("http://127.0.0.1:8080/v1/chat/completions")
        .header("content-type", "application/json")
        .header("authorization", "Bearer none")
        .body(Full::new(BODY.clone()))
        .expect("a request")
}

/// The size of the prompt in bytes.
const PROMPT: usize = 1_024;
const ANSWER: &str = r#"{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion","created":1741569952,"model":"gpt-4o-2024-08-06","choices":[{"index":0,"message":{"role":"assistant","content":"Hello! How can I assist you today?","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":219,"completion_tokens":10,"total_tokens":229,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},"service_tier":"default"}"#;
