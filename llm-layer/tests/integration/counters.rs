//! A user's counter of tokens.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::{Request, Response};
use throughline_llm_layer::{LlmLayer, RequestBody, TokenCounter, TokenEncoding};
use throughline_test_support::Recorder;
use tower::{Layer, Service, service_fn};

use super::support::{
    CHAT, Chunks, HELLO, HELLO_STREAMED, MASKED, block_on, exchange, layer, read, recorded,
};

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
        assert_eq!(encoding.name(), "letters", "the encoding from `encoding`");
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
    assert_eq!(answered.into_body(), answer, "the answer passes unchanged");
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
        tree.contains("throughline.tokens.encoding=\"o200k_base?\""),
        "a word that has to be cut: {tree}"
    );
    assert_eq!(longest, 0, "another model is none of its business");
}

#[test]
fn a_failing_counter_changes_no_traffic() {
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

/// Remembers which threads load and count.
#[derive(Clone, Default)]
struct Threads(Arc<Mutex<Vec<(&'static str, bool)>>>);

impl Threads {
    fn note(&self, what: &'static str) {
        let thread = std::thread::current();
        let is_ours = thread.name() == Some("throughline-tokens");
        self.0.lock().unwrap().push((what, is_ours));
    }

    fn noted(&self) -> Vec<(&'static str, bool)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// What is noted, once it is so much or 10 seconds have passed.
    fn noted_of(&self, count: usize) -> Vec<(&'static str, bool)> {
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.0.lock().unwrap().len() < count && Instant::now() < deadline {
            std::thread::yield_now();
        }
        self.noted()
    }
}

impl TokenCounter for Threads {
    fn encoding(&self, _: &str) -> Option<TokenEncoding> {
        Some(TokenEncoding::exact("threads"))
    }

    fn count(&self, _: &TokenEncoding, segment: &str) -> Option<u64> {
        self.note("count");
        u64::try_from(segment.len()).ok()
    }

    fn prepare(&self, _: &TokenEncoding) {
        self.note("load");
    }
}

/// Loading a vocabulary used to take 0.1 s of the first caller whose stream reported no usage.
#[test]
fn what_counting_needs_is_loaded_before_and_elsewhere() {
    let cases = [
        (CHAT, HELLO_STREAMED, &[("load", true)][..]),
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
        let request = |url, body| Request::post(url).body(Chunks::from_iter([body])).unwrap();
        let answer = || Chunks::from_iter(["data: [DONE]\n\n"]);
        exchange_with(&layer, request(url, body), answer(), || {
            // What comes first is loaded first: once another counter's is loaded, nothing of this one's is to
            // come. Its call is not one within this call.
            let _outside = opentelemetry::Context::new().attach();
            let another = Threads::default();
            let other_layer = self::layer(&Recorder::new()).with_token_counter(another.clone());
            exchange_with(&other_layer, request(CHAT, HELLO_STREAMED), answer(), || {
                assert_eq!(another.noted_of(1), [("load", true)], "another counter's");
            });
            assert_eq!(threads.noted(), expected, "{url} {body}: when the answer begins");
        });
    }
}

/// Whoever came first to a call without usage used to load the vocabulary, and every reader of a long answer
/// to count.
#[test]
fn no_caller_loads_or_counts_for_long() {
    let text = |length| {
        format!(
            r#"{{"choices":[{{"message":{{"content":"{}"}}"#,
            "a".repeat(length)
        )
    };
    let cases = [
        (
            "an answer without usage",
            text(1) + r#","finish_reason":"stop"}]}"#,
            0,
        ),
        ("an answer that broke off", text(10), 0),
        ("a long answer", text(40_000) + r#","finish_reason":"stop"}]}"#, 2),
    ];
    for (name, answer, segments) in cases {
        let threads = Threads::default();
        let recorder = Recorder::new();
        let layer = layer(&recorder).with_token_counter(threads.clone());
        let call = || {
            let request = Request::post(CHAT).body(Chunks::from_iter([HELLO])).unwrap();
            exchange_with(&layer, request, Chunks::from_iter([answer.clone()]), || {});
            recorded();
            threads.noted()
        };
        let first = call();
        assert_eq!(first.first(), Some(&("load", true)), "{name}, first: {first:?}");
        // The rest of a long answer may be counted here, if all is loaded by then.
        let ours = first.iter().filter(|(_, is_ours)| *is_ours).count();
        let least = if segments > 0 { 1 + segments } else { first.len() };
        assert!(ours >= least, "{name}, first: {first:?}");
        let second = call();
        let elsewhere = second.iter().filter(|(_, is_ours)| *is_ours).count();
        assert!(elsewhere >= segments, "{name}, second: {second:?}");
        assert!(
            !second.contains(&("load", true)),
            "{name}, loaded once: {second:?}"
        );
        let trees = recorder.tree(MASKED);
        let (one, other) = trees.split_at(trees.len() / 2);
        assert_eq!(one, other, "{name}: the same wherever it is counted");
    }
}

/// The first long answer used to load a vocabulary, even if the provider reported the usage.
#[test]
fn what_is_reported_is_not_counted() {
    let delta = format!(
        "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{}\"}}}}]}}\n\n",
        "a".repeat(60_000)
    );
    let usage = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":8,\"completion_tokens\":7500}}\n\n";
    let with_usage =
        r#"{"model":"gpt-4o","messages":[],"stream":true,"stream_options":{"include_usage":true}}"#;
    let cases = [
        (
            "reported",
            vec![delta.clone(), usage.to_owned()],
            0,
            "usage.output_tokens=7500",
        ),
        ("broken off", vec![delta.clone()], 60_000, "tokens.output=60000"),
        (
            "longer than it may wait",
            vec![delta.clone(), delta.clone()],
            120_000,
            "tokens.output=120000",
        ),
    ];
    for (name, events, counted, expected) in cases {
        let threads = Threads::default();
        let recorder = Recorder::new();
        let layer = layer(&recorder).with_token_counter(threads.clone());
        let request = Request::post(CHAT).body(Chunks::from_iter([with_usage])).unwrap();
        let response = Response::builder().header("content-type", "text/event-stream");
        exchange(&layer, request, response.body(Chunks::from_iter(events)).unwrap());
        let tree = recorder.tree(MASKED);
        assert!(tree.contains(expected), "{name}: {tree}");
        let noted = threads.noted();
        assert_eq!(noted.is_empty(), counted == 0, "{name}: {noted:?}");
        let segments = noted.iter().filter(|noted| **noted == ("count", true)).count();
        assert!(segments >= counted / (16 * 1024), "{name}, elsewhere: {noted:?}");
    }
}

/// Sends a request to a service that does something before it answers.
fn exchange_with(layer: &LlmLayer, request: Request<Chunks>, answer: Chunks, before: impl Fn()) {
    let mut answer = Some(answer);
    let service = service_fn(|_: Request<RequestBody<Chunks>>| {
        before();
        let answer = answer.take().unwrap();
        async { Ok::<_, Infallible>(Response::new(answer)) }
    });
    let service = Rc::new(RefCell::new(service));
    let service = service_fn(move |request| service.borrow_mut().call(request));
    let Ok(response) = block_on(layer.layer(service).call(request));
    read(response.into_body());
}

/// What lies behind the first mebibyte is taken at the rate of the rest: the span used to call that the
/// model's own count.
#[test]
fn a_number_that_is_not_counted_to_the_end_says_so() {
    for (length, encoding) in [(1_000, "o200k_base"), (1_200_000, "o200k_base?")] {
        let recorder = Recorder::new();
        let text = "word ".repeat(length / 5);
        let answer =
            format!(r#"{{"choices":[{{"message":{{"content":"{text}"}},"finish_reason":"stop"}}]}}"#);
        let request = Request::post(CHAT).body(Chunks::from_iter([HELLO])).unwrap();
        exchange_with(&layer(&recorder), request, Chunks::from_iter([answer]), || {});
        recorded();
        let line = format!("throughline.tokens.encoding={encoding:?}\n");
        let tree = recorder.tree(MASKED);
        assert!(tree.contains(&line), "{length} bytes: {tree}");
    }
}
