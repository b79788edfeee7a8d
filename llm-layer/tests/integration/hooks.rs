//! What a user gives to a layer may panic: the call goes on, and its span ends.
//!
//! Of formats see `providers`; prices are data.

use std::cell::RefCell;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use http::{Request, Response};
use throughline_agents::scope::{HttpScopeLayer, Scope, ScopeLayer};
use throughline_llm_layer::{Capture, LlmLayer, RequestBody, TokenCounter, TokenEncoding, wait_idle};
use throughline_test_support::Recorder;
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::support::{CHAT, Chunks, HELLO_STREAMED, block_on, layer, next, read};

/// Counts one token a segment, but for the hook that panics.
struct Broken(&'static str);

impl Broken {
    fn call(&self, hook: &str) {
        assert_ne!(self.0, hook, "on purpose");
    }
}

impl TokenCounter for Broken {
    fn encoding(&self, _: &str) -> Option<TokenEncoding> {
        self.call("encoding");
        Some(TokenEncoding::exact("ones"))
    }

    fn count(&self, _: &TokenEncoding, _: &str) -> Option<u64> {
        self.call("count");
        Some(1)
    }

    fn prepare(&self, _: &TokenEncoding) {
        self.call("prepare");
    }
}

const ANSWER: [&str; 2] = [
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
];

/// Streams an answer to a caller who takes so many chunks, and then leaves or panics; what the caller got.
fn stream(layer: &LlmLayer, chunks: usize, panics: bool) -> Vec<String> {
    let service = service_fn(|request: Request<RequestBody<Chunks>>| {
        assert_eq!(read(request.into_body()), HELLO_STREAMED, "the request passes");
        let response = Response::builder().header("content-type", "text/event-stream");
        let response = response.body(Chunks::from_iter(ANSWER)).unwrap();
        async move { Ok::<_, Infallible>(response) }
    });
    let request = Request::post(CHAT).body(Chunks::from_iter([HELLO_STREAMED]));
    let Ok(response) = block_on(layer.layer(service).call(request.unwrap()));
    let mut body = response.into_body();
    let read = (0..chunks).map_while(|_| next(&mut body));
    let read = read.map(|chunk| {
        let Ok(chunk) = chunk;
        String::from_utf8(chunk.to_vec()).unwrap()
    });
    let read = read.collect();
    if panics {
        let panicked = catch_unwind(AssertUnwindSafe(move || {
            let _body = body;
            panic!("the caller's own");
        }));
        assert!(panicked.is_err(), "the caller's panic goes on");
    }
    read
}

#[test]
fn a_hook_that_panics_harms_no_call() {
    type With = fn(LlmLayer) -> LlmLayer;
    let hooks: [(&str, With); 4] = [
        ("redaction", |layer| {
            let layer = layer.with_capture(Capture::SpanAndEvent);
            layer.with_redaction(|_| panic!("on purpose"))
        }),
        ("encoding", |layer| layer.with_token_counter(Broken("encoding"))),
        ("count", |layer| layer.with_token_counter(Broken("count"))),
        ("prepare", |layer| layer.with_token_counter(Broken("prepare"))),
    ];
    let endings = [
        (3, false),
        (1, false),
        (0, false),
        (3, true),
        (1, true),
        (0, true),
    ];
    for (hook, with) in hooks {
        for (chunks, panics) in endings {
            let case = format!("{hook}, after {chunks} chunks, the caller panics: {panics}");
            let recorder = Recorder::new();
            let got = stream(&with(layer(&recorder)), chunks, panics);
            assert_eq!(got, ANSWER[..chunks.min(2)], "{case}: the answer");
            assert!(
                wait_idle(Duration::from_secs(60)),
                "{case}: all calls are recorded"
            );
            let spans = recorder.spans();
            assert_eq!(spans.len(), 1, "{case}: the span has ended");
            let failed = spans[0]
                .attributes
                .iter()
                .any(|attribute| attribute.key.as_str() == "error.type");
            assert_eq!(failed, chunks < 2, "{case}: an error only where the caller left");
        }
    }
}

#[test]
fn a_scope_that_panics_harms_no_request() {
    let broken = |_: &Request<Chunks>| -> Scope { panic!("on purpose") };
    let served = RefCell::new(0);
    let service = service_fn(|_: Request<Chunks>| {
        *served.borrow_mut() += 1;
        async { Ok::<_, Infallible>(Response::new(Chunks::from_iter(ANSWER))) }
    });
    let request = || Request::new(Chunks::default());
    let Ok(response) = block_on(ScopeLayer::new(broken).layer(service).oneshot(request()));
    assert_eq!(read(response.into_body()), ANSWER.concat(), "of a service");
    let Ok(response) = block_on(HttpScopeLayer::new(broken).layer(service).oneshot(request()));
    assert_eq!(
        read(response.into_body()),
        ANSWER.concat(),
        "of a service of HTTP"
    );
    assert_eq!(*served.borrow(), 2, "both were served");
}
