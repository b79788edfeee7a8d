//! A call that is sent more than once.

use std::cell::RefCell;
use std::collections::HashSet;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::rc::Rc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use opentelemetry::trace::SpanId;
use throughline_llm_layer::RequestBody;
use throughline_test_support::Recorder;
use throughline_tracing_layer::ClientLayer;
use throughline_tracing_layer::client::ClientExchange;
use throughline_tracing_layer::observe::ResponseBody;
use tower::retry::{Policy, RetryLayer};
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};

use crate::support::{CHAT, Chunks, HELLO, block_on, layer, read};

type ObservedRequest = Request<RequestBody<Full<Bytes>>>;
type Answered = Response<ResponseBody<Full<Bytes>, ClientExchange>>;

/// Sends again what was not answered with 200, twice at most.
#[derive(Clone)]
struct Twice(u8);

impl Policy<ObservedRequest, Answered, Infallible> for Twice {
    type Future = Ready<()>;

    fn retry(
        &mut self,
        _: &mut ObservedRequest,
        result: &mut Result<Answered, Infallible>,
    ) -> Option<Ready<()>> {
        let failed = result.as_ref().is_ok_and(|response| response.status() != 200);
        self.0 = self.0.checked_sub(1)?;
        failed.then(|| ready(()))
    }

    fn clone_request(&mut self, request: &ObservedRequest) -> Option<ObservedRequest> {
        let mut again = Request::new(request.body().try_clone()?);
        *again.method_mut() = request.method().clone();
        *again.uri_mut() = request.uri().clone();
        Some(again)
    }
}

const MASKED: &[&str] = &["throughline.attempt.duration"];

#[test]
fn attempts_are_spans_beneath_the_calls_and_events_on_it() {
    let recorder = Recorder::new();
    let received = Rc::new(RefCell::new(Vec::new()));
    let log = received.clone();
    let service = service_fn(move |request: ObservedRequest| {
        let attempt = log.borrow().len();
        log.borrow_mut().push(read(request.into_body()));
        let (status, answer) = [(429, "{}"), (503, "{}"), (200, ANSWER)][attempt];
        let response = Response::builder().status(status).body(Full::from(answer));
        ready(Ok::<_, Infallible>(response.unwrap()))
    });
    let client = ClientLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider());
    let client = ServiceBuilder::new()
        .layer(layer(&recorder))
        .layer(RetryLayer::new(Twice(2)))
        .layer(client)
        .service(service);
    let request = Request::post(CHAT).body(Full::from(HELLO)).unwrap();
    let Ok(response) = block_on(client.oneshot(request));
    assert_eq!(read(response.into_body()), ANSWER, "the last answer");
    assert_eq!(*received.borrow(), [HELLO; 3], "the request, each time");
    assert_eq!(recorder.tree(MASKED), TREE, "the spans");
}

/// A request for a token, or for an embedding, between two attempts is none; another provider's answer is.
#[test]
fn what_fails_over_is_an_attempt() {
    let recorder = Recorder::new();
    let service = service_fn(|request: ObservedRequest| {
        let status = if request.uri().host() == Some("api.openai.com") {
            503
        } else {
            200
        };
        let response = Response::builder().status(status);
        ready(Ok::<_, Infallible>(
            response.body(Full::<Bytes>::from(ANSWER)).unwrap(),
        ))
    });
    let client = ClientLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .layer(service);
    let fails_over = service_fn(move |request: ObservedRequest| {
        let client = client.clone();
        async move {
            let urls = [
                CHAT,
                "https://login.example.com/oauth/token",
                "https://eu.example.com/v1/embeddings",
                "https://eu.example.com/openai/deployments/gpt/chat/completions",
            ];
            let mut last = None;
            for url in urls {
                let body = request.body().try_clone().expect("a body in memory");
                last = Some(
                    client
                        .clone()
                        .oneshot(Request::post(url).body(body).unwrap())
                        .await?,
                );
            }
            Ok::<_, Infallible>(last.expect("an answer"))
        }
    });
    let request = Request::post(CHAT).body(Full::from(HELLO)).unwrap();
    let Ok(response) = block_on(layer(&recorder).layer(fails_over).oneshot(request));
    read(response.into_body());
    let tree = recorder.tree(MASKED);
    let lines: Vec<_> = tree
        .lines()
        .map(str::trim)
        .filter(|line| {
            ["! ", "- http.request.resend", "- url.full"]
                .iter()
                .any(|start| line.starts_with(start))
        })
        .collect();
    let expected = [
        "- http.request.resend_count=1",
        "! throughline.attempt error.type=\"503\" http.response.status_code=503 throughline.attempt.duration=_ throughline.attempt.number=1",
        "! throughline.attempt http.response.status_code=200 throughline.attempt.duration=_ throughline.attempt.number=2",
        "- url.full=\"https://api.openai.com/v1/chat/completions\"",
        "- url.full=\"https://login.example.com/oauth/token\"",
        "- url.full=\"https://eu.example.com/v1/embeddings\"",
        "- http.request.resend_count=1",
        "- url.full=\"https://eu.example.com/openai/deployments/gpt/chat/completions\"",
    ];
    assert_eq!(lines, expected, "two attempts:\n{tree}");
}

/// Only its answer shows that it is a model call. Without a span above it, each attempt used to begin a trace, and the span of
/// the call another one.
#[test]
fn call_of_which_only_the_answer_is_certain_is_in_the_trace_of_its_attempts() {
    let recorder = Recorder::new();
    let sent = Rc::new(RefCell::new(0));
    let service = service_fn(move |_: ObservedRequest| {
        *sent.borrow_mut() += 1;
        let answer = r#"{"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":[0.5]}],"usage":{"prompt_tokens":2,"total_tokens":2}}"#;
        let (status, answer) = if *sent.borrow() == 1 {
            (503, "{}")
        } else {
            (200, answer)
        };
        let response = Response::builder().status(status).body(Full::from(answer));
        ready(Ok::<_, Infallible>(response.unwrap()))
    });
    let client = ServiceBuilder::new()
        .layer(layer(&recorder))
        .layer(RetryLayer::new(Twice(1)))
        .layer(ClientLayer::new().with_tracer_provider(recorder.tracer_provider()))
        .service(service);
    let request = Request::post("https://models.example.com/embed");
    let request = request.body(Full::from(r#"{"model":"m","input":"Hi"}"#)).unwrap();
    let Ok(response) = block_on(client.oneshot(request));
    read(response.into_body());
    let spans = recorder.spans();
    let names: Vec<_> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(
        names,
        ["POST", "POST", "embeddings m"],
        "the attempts and the call"
    );
    let parents: Vec<_> = spans.iter().map(|span| span.parent_span_id).collect();
    let first = spans[0].span_context.span_id();
    assert_eq!(
        parents,
        [SpanId::INVALID, first, first],
        "below the first attempt"
    );
    let traces: HashSet<_> = spans.iter().map(|span| span.span_context.trace_id()).collect();
    assert_eq!(traces.len(), 1, "one trace");
}

#[test]
fn a_body_is_cloned_however_far_it_was_read() {
    for limit in [1, 20, 1_000] {
        let service = service_fn(|request: Request<RequestBody<Chunks>>| {
            let clone = request.body().try_clone().expect("nothing failed");
            assert_eq!(read(clone), HELLO, "the clone, read up to {limit}");
            assert_eq!(read(request.into_body()), HELLO, "the body, read up to {limit}");
            ready(Ok::<_, Infallible>(Response::new(Chunks::from_iter([ANSWER]))))
        });
        let chunks = HELLO.as_bytes().chunks(10);
        let request = Request::post(CHAT).body(Chunks::from_iter(chunks)).unwrap();
        let layer = layer(&Recorder::new()).with_request_limit(limit);
        let Ok(_) = block_on(layer.layer(service).oneshot(request));
    }
}

const ANSWER: &str = r#"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":8,"completion_tokens":1}}"#;

const TREE: &str = r#"Client chat gpt-4o
  - gen_ai.operation.name="chat"
  - gen_ai.provider.name="openai"
  - gen_ai.request.model="gpt-4o"
  - gen_ai.response.finish_reasons=["stop"]
  - gen_ai.usage.input_tokens=8
  - gen_ai.usage.output_tokens=1
  - http.request.resend_count=2
  - openai.api.type="chat_completions"
  - server.address="api.openai.com"
  - server.port=443
  - throughline.tokens.source="reported"
  ! throughline.attempt error.type="429" http.response.status_code=429 throughline.attempt.duration=_ throughline.attempt.number=1
  ! throughline.attempt error.type="503" http.response.status_code=503 throughline.attempt.duration=_ throughline.attempt.number=2
  ! throughline.attempt http.response.status_code=200 throughline.attempt.duration=_ throughline.attempt.number=3
  Client POST [error]
    - error.type="429"
    - http.request.method="POST"
    - http.response.status_code=429
    - network.protocol.version="1.1"
    - server.address="api.openai.com"
    - server.port=443
    - url.full="https://api.openai.com/v1/chat/completions"
  Client POST [error]
    - error.type="503"
    - http.request.method="POST"
    - http.request.resend_count=1
    - http.response.status_code=503
    - network.protocol.version="1.1"
    - server.address="api.openai.com"
    - server.port=443
    - url.full="https://api.openai.com/v1/chat/completions"
  Client POST
    - http.request.method="POST"
    - http.request.resend_count=2
    - http.response.status_code=200
    - network.protocol.version="1.1"
    - server.address="api.openai.com"
    - server.port=443
    - url.full="https://api.openai.com/v1/chat/completions"
"#;
