//! A user's counter of tokens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Request, Response};
use throughline_llm_layer::{TokenCounter, TokenEncoding};
use throughline_test_support::Recorder;

use super::support::{CHAT, Chunks, MASKED, exchange, layer};

/// Counts letters of the models that begin with `llama`, and remembers the longest segment.
struct Letters {
    longest: Arc<AtomicUsize>,
    answer: fn(&str) -> Option<u64>,
}

impl TokenCounter for Letters {
    fn encoding(&self, model: &str) -> Option<TokenEncoding> {
        model
            .starts_with("llama")
            .then(|| TokenEncoding::rough("letters"))
    }

    fn count(&self, encoding: &TokenEncoding, segment: &str) -> Option<u64> {
        assert_eq!(encoding.name(), "letters", "the encoding that was given");
        self.longest.fetch_max(segment.len(), Ordering::Relaxed);
        (self.answer)(segment)
    }
}

/// The span of a call of `model` whose answer is 40,000 letters, and the longest segment counted.
fn call(model: &str, answer: fn(&str) -> Option<u64>) -> (String, usize) {
    let recorder = Recorder::new();
    let longest = Arc::new(AtomicUsize::new(0));
    let layer = layer(&recorder).with_token_counter(Letters {
        longest: longest.clone(),
        answer,
    });
    let request = format!(r#"{{"model":"{model}","messages":[{{"role":"user","content":"Hello"}}]}}"#);
    let request = Request::post(CHAT).body(Chunks::from_iter([request])).unwrap();
    let text = "a".repeat(40_000);
    let answer = format!(r#"{{"choices":[{{"message":{{"content":"{text}"}},"finish_reason":"stop"}}]}}"#);
    let (_, answered) = exchange(
        &layer,
        request,
        Response::new(Chunks::from_iter([answer.clone()])),
    );
    assert_eq!(answered.into_body(), answer, "the answer passes as it came");
    (recorder.tree(MASKED), longest.load(Ordering::Relaxed))
}

#[test]
fn a_users_counter_counts_the_models_it_knows() {
    let letters = |segment: &str| u64::try_from(segment.len()).ok();
    let (tree, longest) = call("llama-3", letters);
    assert!(tree.contains("throughline.tokens.output=40000"), "{tree}");
    assert!(
        tree.contains("throughline.tokens.encoding=\"letters?\""),
        "{tree}"
    );
    assert_eq!(longest, 16 * 1024, "the longest segment");
    let (tree, longest) = call("gpt-4o", letters);
    assert!(
        tree.contains("throughline.tokens.encoding=\"o200k_base\""),
        "{tree}"
    );
    assert_eq!(longest, 0, "another model is none of its business");
}

#[test]
fn a_users_counter_harms_nobody() {
    let (tree, _) = call("llama-3", |_| panic!("a counter that panics"));
    assert!(
        tree.contains("throughline.tokens.source=\"unknown\""),
        "panics: {tree}"
    );
    let (tree, _) = call("llama-3", |_| None);
    assert!(
        tree.contains("throughline.tokens.source=\"unknown\""),
        "cannot: {tree}"
    );
    let (tree, _) = call("llama-3", |_| Some(u64::MAX));
    assert!(
        tree.contains("throughline.tokens.output=40000"),
        "no more than bytes: {tree}"
    );
}
