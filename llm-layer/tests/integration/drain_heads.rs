//! Callers who leave before the head of the answer, and what comes after them.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use throughline_agents::agent;
use throughline_llm_layer::{DrainLayer, LlmLayer, RequestBody};
use throughline_test_support::{Recorder, Script, ScriptedBody, ScriptedError};
use tokio::sync::oneshot;
use tower::{Layer, Service, service_fn};

use crate::drain::{assert_has, on_this_runtime, spans};
use crate::support::{CHAT, HELLO, layer};

const ANSWER: &str =
    r#"{"id":"c-1","choices":[{"index":0,"message":{"content":"Hello"},"finish_reason":"stop"}],"#;
const ITS_END: &str = r#""usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}"#;
const LIMIT: &str = r#"{"error":{"type":"rate_limit_exceeded"}}"#;

type Answer = Result<Response<UnsyncBoxBody<Bytes, ScriptedError>>, ScriptedError>;

/// A provider that answers when the test says so.
struct Provider {
    answer: oneshot::Sender<Answer>,
    /// Shared with the provider until it is done.
    connection: Arc<()>,
}

impl Provider {
    fn is_at_work(&self) -> bool {
        Arc::strong_count(&self.connection) > 1
    }
}

/// A call to a provider through the layers.
fn call(drain: &DrainLayer, llm: &LlmLayer) -> (Provider, Pin<Box<impl Future<Output: Sized> + use<>>>) {
    let (answer, answered) = oneshot::channel();
    let connection = Arc::new(());
    let at_work = Mutex::new(Some((answered, connection.clone())));
    let at_work = Arc::new(at_work);
    let service = service_fn(move |_: Request<RequestBody<Full<&'static [u8]>>>| {
        let (answered, connection) = at_work.lock().unwrap().take().unwrap();
        async move {
            let answer: Answer = answered.await.unwrap();
            drop(connection);
            answer
        }
    });
    let request = Request::post(CHAT).body(Full::new(HELLO.as_bytes())).unwrap();
    let call = drain.layer(llm.layer(service)).call(request);
    (Provider { answer, connection }, Box::pin(call))
}

/// A caller who leaves while the provider thinks.
fn abandoned_call(drain: &DrainLayer, llm: &LlmLayer) -> Provider {
    let (provider, mut call) = call(drain, llm);
    assert!(poll(call.as_mut()).is_pending(), "the provider thinks");
    provider
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn answer(status: u16, body: impl IntoIterator<Item = Script>) -> Answer {
    let response = Response::builder().status(status);
    let response = response.header("content-type", "application/json");
    Ok(response.body(ScriptedBody::new(body).boxed_unsync()).unwrap())
}

fn whole() -> Answer {
    let script = [Script::Data(ANSWER), Script::Pending, Script::Data(ITS_END)];
    answer(200, script)
}

#[tokio::test(start_paused = true)]
async fn what_it_cost_is_known_when_the_answer_came() {
    let recorder = Recorder::new();
    let drain = on_this_runtime();
    let planner = agent("planner").with_tracer_provider(recorder.tracer_provider());
    let llm = layer(&recorder);
    let provider = planner.run(async { abandoned_call(&drain, &llm) }).await;
    assert_eq!(drain.open_drains(), 1, "it is awaited");
    assert_eq!(spans(&recorder), "", "the spans wait for it");
    tokio::time::advance(Duration::from_secs(20)).await;
    provider.answer.send(whole()).unwrap();
    assert!(drain.wait_idle(Duration::from_secs(30)).await, "it ends");
    assert_has(
        &spans(&recorder),
        &[
            "invoke_agent planner",
            "throughline.tokens.calls=1",
            "throughline.tokens.output=7",
            "chat gpt-4o [error: the caller left before the answer was complete]",
            "error.type=\"cancelled\"",
            "gen_ai.response.finish_reasons=[\"stop\"]",
            "gen_ai.usage.input_tokens=11",
            "gen_ai.usage.output_tokens=7",
            "throughline.response.drained=true",
            "throughline.tokens.source=\"reported\"",
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_fails_then_just_fails() {
    let cases = [
        (
            "refused",
            answer(429, [Script::Data(LIMIT)]),
            vec![
                "[error: the provider answered 429]",
                "error.type=\"429\"",
                "source=\"unknown\"",
            ],
        ),
        (
            "failed",
            Err(ScriptedError("no route")),
            vec!["[error: no route]", "source=\"unknown\""],
        ),
        (
            "broken off",
            answer(200, [Script::Data(ANSWER), Script::Fail("reset")]),
            vec!["error.type=\"cancelled\"", "drained=true", "source=\"estimated\""],
        ),
    ];
    for (name, answer, expected) in cases {
        let recorder = Recorder::new();
        let drain = on_this_runtime();
        let provider = abandoned_call(&drain, &layer(&recorder));
        provider.answer.send(answer).unwrap();
        assert!(drain.wait_idle(Duration::from_secs(30)).await, "{name}: it ends");
        let tree = spans(&recorder);
        assert!(
            !tree.contains("gen_ai.usage"),
            "{name}: its cost is unknown: {tree}"
        );
        assert_has(&tree, &expected);
    }
}

#[tokio::test(start_paused = true)]
async fn the_bounds_hold_for_the_head_too() {
    let recorder = Recorder::new();
    let drain = on_this_runtime()
        .with_time_limit(Duration::from_secs(3))
        .with_max_drains(1);
    let llm = layer(&recorder);
    let provider = abandoned_call(&drain, &llm);
    let beyond = abandoned_call(&drain, &llm);
    assert!(provider.is_at_work(), "one is awaited");
    assert!(!beyond.is_at_work(), "the other is dropped at once");
    assert_has(&spans(&recorder), &["cancelled", "source=\"estimated\""]);
    let dropped_at = tokio::time::Instant::now();
    assert!(
        drain.wait_idle(Duration::from_secs(60)).await,
        "it ends by itself"
    );
    assert_eq!(dropped_at.elapsed(), Duration::from_secs(3), "at once");
    assert!(!provider.is_at_work(), "the connection is released");
    assert_eq!(spans(&recorder).matches("cancelled").count(), 2, "each its span");

    let dropped_at = tokio::time::Instant::now();
    let provider = abandoned_call(&drain, &llm);
    tokio::task::yield_now().await;
    tokio::time::advance(Duration::from_secs(2)).await;
    let endless = StreamBody::new(futures_util::stream::pending());
    let head = Response::new(endless.boxed_unsync());
    provider.answer.send(Ok(head)).unwrap();
    assert!(drain.wait_idle(Duration::from_secs(60)).await, "it ends");
    assert_eq!(
        dropped_at.elapsed(),
        Duration::from_secs(3),
        "head and body share the time"
    );

    let recorder = Recorder::new();
    let drain = drain.with_byte_limit(ANSWER.len() as u64 - 1);
    let provider = abandoned_call(&drain, &layer(&recorder));
    provider.answer.send(whole()).unwrap();
    assert!(drain.wait_idle(Duration::from_secs(60)).await, "it ends");
    let tree = spans(&recorder);
    assert!(
        !tree.contains("source=\"reported\""),
        "the body's bytes are bounded: {tree}"
    );

    let provider = abandoned_call(&drain, &llm);
    assert!(!drain.wait_idle(Duration::from_secs(1)).await, "a shutdown");
    assert!(!provider.is_at_work(), "cuts it off");
}

#[tokio::test(start_paused = true)]
async fn what_was_not_sent_is_not() {
    let recorder = Recorder::new();
    let drain = on_this_runtime();
    let (provider, waiting) = call(&drain, &layer(&recorder));
    drop(waiting);
    assert_eq!(drain.open_drains(), 0, "a call that was never polled");
    assert!(!provider.is_at_work(), "and its request is dropped");
}

/// Over reqwest the request is known before the first poll, and the call has begun.
#[cfg(feature = "reqwest")]
#[tokio::test]
async fn what_was_not_sent_is_not_over_reqwest() {
    use reqwest::{Body, Method, Request, Response, Url};

    let recorder = Recorder::new();
    let drain = on_this_runtime();
    let connection = Arc::new(());
    let held = connection.clone();
    let provider = service_fn(move |_: Request| {
        let held = held.clone();
        async move {
            drop(held);
            std::future::pending::<Result<Response, ScriptedError>>().await
        }
    });
    let mut client = drain.layer(layer(&recorder).layer(provider));
    let mut request = Request::new(Method::POST, Url::parse(CHAT).unwrap());
    *request.body_mut() = Some(Body::from(HELLO));
    drop(client.call(request));
    assert_eq!(drain.open_drains(), 0, "nothing to wait for");
    drop(client);
    assert_eq!(Arc::strong_count(&connection), 1, "the request is dropped");
    assert_has(&spans(&recorder), &["error.type=\"cancelled\""]);
}

#[tokio::test(start_paused = true)]
async fn without_the_layer_nothing_goes_on() {
    let recorder = Recorder::new();
    let (answer, answered) = oneshot::channel::<Answer>();
    let answered = Arc::new(Mutex::new(Some(answered)));
    let waiting = answered.clone();
    let service = service_fn(move |_: Request<RequestBody<Full<&'static [u8]>>>| {
        let answered = waiting.lock().unwrap().take().unwrap();
        async move { answered.await.unwrap() }
    });
    let request = Request::post(CHAT).body(Full::new(HELLO.as_bytes())).unwrap();
    let mut call = Box::pin(layer(&recorder).layer(service).call(request));
    assert!(poll(call.as_mut()).is_pending(), "the provider thinks");
    drop(call);
    assert!(answer.is_closed(), "the request is dropped");
    assert_has(&spans(&recorder), &["error.type=\"cancelled\""]);
}
