//! Budgets of calls whose tokens are estimated.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;

use http::{Request, Response};
use throughline_agents::{TokenBudgetLayer, Tokens, agent, tokens};
use throughline_llm_layer::tokens::background;
use throughline_llm_layer::{LlmLayer, PromptSizeMode, RequestBody, TokenCounter, TokenEncoding};
use tower::{Layer, Service, service_fn};

use crate::support::{CHAT, Chunks, HELLO, HELLO_STREAMED, block_on, read};

/// Counts each text as ten tokens, and how often it loads its vocabulary.
struct Tens(Arc<AtomicU64>);

impl TokenCounter for Tens {
    fn encoding(&self, _: &str) -> Option<TokenEncoding> {
        Some(TokenEncoding::exact("tens"))
    }

    fn prepare(&self, _: &TokenEncoding) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self, _: &TokenEncoding, segment: &str) -> Option<u64> {
        Some(if segment.is_empty() { 0 } else { 10 })
    }
}

const ANSWER: &str = r#"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}"#;
const EVENTS: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\n";

/// Makes twelve calls, one after another, of which the budget allows two; their statuses and the tokens at
/// the end.
fn twelve_calls(llm: &LlmLayer, body: &'static str, kind: &str, answer: &'static str) -> (Vec<u16>, Tokens) {
    let provider = service_fn(|request: Request<RequestBody<Chunks>>| {
        read(request.into_body());
        let response = Response::builder().header("content-type", kind);
        std::future::ready(response.body(Chunks::from_iter([answer])))
    });
    let mut client = llm.layer(TokenBudgetLayer::new().layer(provider));
    block_on(agent("a").with_token_budget(30).run(async {
        let mut statuses = Vec::new();
        for _ in 0..12 {
            let request = Request::post(CHAT).body(Chunks::from_iter([body])).unwrap();
            let response = client.call(request).await.unwrap();
            statuses.push(response.status().as_u16());
            read(response.into_body());
        }
        (statuses, tokens())
    }))
}

/// Bug: while the vocabulary was loaded in the background, all calls passed, since none was counted.
#[test]
fn calls_are_counted_before_the_next_one_while_the_vocabulary_loads() {
    // The thread that loads vocabularies is busy until the test ends.
    let (test, is_ended) = channel::<()>();
    let busy = Box::new(move || assert!(is_ended.recv().is_err(), "dropped"));
    assert!(background::run(busy).is_ok(), "there is a background thread");
    for (body, kind, answer) in [
        (HELLO, "application/json", ANSWER),
        (HELLO_STREAMED, "text/event-stream", EVENTS),
    ] {
        for mode in [PromptSizeMode::Usage, PromptSizeMode::TaskWeaver] {
            let loads = Arc::new(AtomicU64::new(0));
            let llm = LlmLayer::new()
                .with_token_counter(Tens(loads.clone()))
                .with_prompt_size(mode);
            let (statuses, tokens) = twelve_calls(&llm, body, kind, answer);
            let expected = [[200; 2].as_slice(), &[429; 10]].concat();
            assert_eq!(statuses, expected, "two calls pass: {kind}, {mode:?}, {tokens:?}");
            assert_eq!((tokens.calls, tokens.refused), (2, 10), "{tokens:?}");
            assert_eq!(tokens.estimated, tokens.total(), "all are estimates: {tokens:?}");
            assert_eq!(loads.load(Ordering::Relaxed), 1, "the vocabulary is loaded once");
        }
    }
    drop(test);
}

/// If the provider reports its usage, no vocabulary is waited for.
#[test]
fn reported_calls_do_not_wait_for_a_vocabulary() {
    let (test, is_ended) = channel::<()>();
    let busy = Box::new(move || assert!(is_ended.recv().is_err(), "dropped"));
    assert!(background::run(busy).is_ok(), "there is a background thread");
    let loads = Arc::new(AtomicU64::new(0));
    let llm = LlmLayer::new().with_token_counter(Tens(loads.clone()));
    let answer =
        r#"{"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":15,"completion_tokens":5}}"#;
    let (statuses, tokens) = twelve_calls(&llm, HELLO, "application/json", answer);
    assert_eq!(
        statuses,
        [[200; 2].as_slice(), &[429; 10]].concat(),
        "two calls pass"
    );
    assert_eq!((tokens.total(), tokens.estimated), (40, 0), "{tokens:?}");
    assert_eq!(
        loads.load(Ordering::Relaxed),
        0,
        "nothing is loaded on the caller's thread"
    );
    drop(test);
}
