//! A user's counter of tokens.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use throughline_llm_layer::{LlmLayer, RequestBody, TokenCounter, TokenEncoding, settle};
use throughline_test_support::Recorder;
use tower::{Layer, Service, service_fn};

use super::support::{CHAT, Chunks, HELLO, HELLO_STREAMED, MASKED, block_on, exchange, layer, read};

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

/// Remembers which threads load.
#[derive(Clone, Default)]
struct Threads(Arc<Mutex<Vec<Option<String>>>>);

impl TokenCounter for Threads {
    fn encoding(&self, _: &str) -> Option<TokenEncoding> {
        Some(TokenEncoding::exact("threads"))
    }

    fn count(&self, _: &TokenEncoding, _: &str) -> Option<u64> {
        Some(1)
    }

    fn prepare(&self, _: &TokenEncoding) {
        let name = std::thread::current().name().map(str::to_owned);
        self.0.lock().unwrap().push(name);
    }
}

/// Loading a vocabulary used to take 0.1 s of the first caller whose stream told no usage.
#[test]
fn what_counting_needs_is_loaded_before_and_elsewhere() {
    let loaded = [Some("throughline-tokens".to_owned())];
    let cases = [
        (CHAT, HELLO_STREAMED, &loaded[..]),
        (CHAT, HELLO, &[]),
        (
            CHAT,
            r#"{"model":"gpt-4o","messages":[],"stream":true,"stream_options":{"include_usage":true}}"#,
            &[],
        ),
        ("https://api.mistral.ai/v1/chat/completions", HELLO_STREAMED, &[]),
    ];
    for (url, body, expected) in cases {
        let threads = Threads::default();
        let layer = layer(&Recorder::new()).with_token_counter(threads.clone());
        for _ in 0..2 {
            let request = Request::post(url).body(Chunks::from_iter([body])).unwrap();
            let at_the_beginning = threads.clone();
            exchange_with(&layer, request, || {
                assert!(settle(Duration::from_secs(60)), "loaded in time");
                assert_eq!(
                    *at_the_beginning.0.lock().unwrap(),
                    expected,
                    "{url} {body}: when the answer begins"
                );
            });
        }
    }
}

/// Sends a request to a service that does something before it answers.
fn exchange_with(layer: &LlmLayer, request: Request<Chunks>, before: impl Fn()) {
    let service = service_fn(|_: Request<RequestBody<Chunks>>| {
        before();
        async { Ok::<_, Infallible>(Response::new(Chunks::from_iter(["data: [DONE]\n\n"]))) }
    });
    let service = Rc::new(RefCell::new(service));
    let service = service_fn(move |request| service.borrow_mut().call(request));
    let Ok(response) = block_on(layer.layer(service).call(request));
    read(response.into_body());
}
