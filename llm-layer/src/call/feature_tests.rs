//! What a call records in a build without the feature `tiktoken`.

#![cfg(not(feature = "tiktoken"))]

use std::convert::Infallible;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use throughline_test_support::Recorder;
use throughline_tokens::{TokenCounter, TokenEncoding};
use throughline_tracing_layer::notice;
use tower::{Layer, Service, service_fn};

use super::features::NO_TOKENIZER;
use super::{RequestBody, wait_idle};
use crate::layer::LlmLayer;

const REQUEST: &str = r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;
const CHOICES: &str = r#""choices":[{"index":0,"message":{"content":"Hello."},"finish_reason":"stop"}]"#;

/// Counts bytes.
struct Bytewise;

impl TokenCounter for Bytewise {
    fn encoding(&self, _: &str) -> Option<TokenEncoding> {
        Some(TokenEncoding::exact("bytes"))
    }

    fn count(&self, _: &TokenEncoding, segment: &str) -> Option<u64> {
        u64::try_from(segment.len()).ok()
    }
}

/// Returns the attributes about tokens of a call whose answer has these members besides its text.
fn tokens(layer: LlmLayer, members: &str) -> Vec<String> {
    let recorder = Recorder::new();
    let layer = layer.with_tracer_provider(recorder.tracer_provider());
    let answer = format!("{{{members}{CHOICES}}}");
    let mut service = layer.layer(service_fn(|_: Request<RequestBody<Full<Bytes>>>| {
        let response = Response::builder().header("content-type", "application/json");
        let response = response.body(Full::new(Bytes::from(answer.clone()))).unwrap();
        async move { Ok::<_, Infallible>(response) }
    }));
    let request = Request::post("https://api.openai.com/v1/chat/completions");
    let request = request.body(Full::new(Bytes::from(REQUEST))).unwrap();
    let mut task = Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(response)) = pin!(service.call(request)).poll(&mut task) else {
        panic!("the service answers at once")
    };
    let mut body = pin!(response.into_body());
    while let Poll::Ready(Some(_)) = body.as_mut().poll_frame(&mut task) {}
    assert!(wait_idle(Duration::from_secs(60)), "recorded in time");
    let keys = [
        "gen_ai.usage.input_tokens",
        "throughline.tokens.encoding",
        "throughline.tokens.source",
    ];
    let tree = recorder.tree(&[]);
    let lines = tree.lines().filter_map(|line| line.trim().strip_prefix("- "));
    lines
        .filter(|line| keys.iter().any(|key| line.starts_with(key)))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_count_without_a_tokenizer_names_the_feature() {
    assert_eq!(
        tokens(
            LlmLayer::new(),
            r#""usage":{"prompt_tokens":1,"completion_tokens":2},"#
        ),
        [
            "gen_ai.usage.input_tokens=1",
            "throughline.tokens.source=\"reported\""
        ],
        "nothing is missing if the provider reports usage"
    );
    assert_eq!(
        tokens(LlmLayer::new().with_token_counter(Bytewise), ""),
        [
            "throughline.tokens.encoding=\"bytes\"",
            "throughline.tokens.source=\"estimated\"",
        ],
        "nor with a counter of the user's"
    );
    assert!(!notice::all().contains(&NO_TOKENIZER), "no notice so far");
    assert_eq!(
        tokens(LlmLayer::new(), ""),
        [
            "throughline.tokens.encoding=\"tiktoken_disabled\"",
            "throughline.tokens.source=\"unknown\"",
        ],
        "the span names the feature"
    );
    assert!(notice::all().contains(&NO_TOKENIZER), "diagnose() names it too");
}
