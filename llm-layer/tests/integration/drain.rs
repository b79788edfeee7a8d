//! Callers who leave, and what is read after them.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::Full;
use throughline_agents::agent;
use throughline_llm_layer::drain::{Executor, Work};
use throughline_llm_layer::{DrainLayer, IncludeUsageLayer, LlmLayer, RequestBody};
use throughline_test_support::{Recorder, Script, ScriptedBody};
use tower::{Layer, Service, service_fn};

use crate::support::{CHAT, HELLO_STREAMED, MASKED, layer, next, recorded};

const FIRST: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]}\n\n";
/// A tokenizer that is not the provider's counts more than seven tokens here.
const LONG: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one two three four five six seven eight nine\"}}]}\n\n";
const LAST: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":7,\"total_tokens\":18}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

/// Calls through the layers, reads so many frames of the answer, and leaves.
async fn leave_after<B>(frames: usize, drain: &DrainLayer, llm: &LlmLayer, body: B)
where
    B: Body<Data = Bytes, Error: std::fmt::Debug + std::fmt::Display> + Send + Unpin + 'static,
{
    let mut response = Some(Response::builder().header("content-type", "text/event-stream"));
    let mut body = Some(body);
    let service = service_fn(move |_: Request<RequestBody<Full<&[u8]>>>| {
        let response = response.take().unwrap().body(body.take().unwrap());
        async move { Ok::<_, Infallible>(response.unwrap()) }
    });
    let service = Arc::new(Mutex::new(service));
    let service = service_fn(move |request| service.lock().unwrap().call(request));
    let request = Request::post(CHAT).body(Full::new(HELLO_STREAMED.as_bytes()));
    let mut client = drain.layer(llm.layer(service));
    let Ok(response) = client.call(request.unwrap()).await;
    let mut body = response.into_body();
    for _ in 0..frames {
        let _ = next(&mut body);
    }
}

pub(crate) fn on_this_runtime() -> DrainLayer {
    DrainLayer::new(tokio::runtime::Handle::current())
}

fn whole() -> [Script; 7] {
    [
        Script::Data(FIRST),
        Script::Pending,
        Script::Data(LONG),
        Script::Data(LAST),
        Script::Data(USAGE),
        Script::Pending,
        Script::Data(DONE),
    ]
}

/// The spans, once all are recorded.
pub(crate) fn spans(recorder: &Recorder) -> String {
    recorded();
    recorder.tree(MASKED)
}

pub(crate) fn assert_has(tree: &str, expected: &[&str]) {
    for expected in expected {
        assert!(tree.contains(expected), "{expected} in {tree}");
    }
}

/// Sends frames as the test says, and tells whether it was dropped.
struct Upstream {
    frames: tokio::sync::mpsc::UnboundedReceiver<&'static str>,
    _connection: Arc<()>,
}

impl Upstream {
    fn new() -> (tokio::sync::mpsc::UnboundedSender<&'static str>, Arc<()>, Self) {
        let (sender, frames) = tokio::sync::mpsc::unbounded_channel();
        let connection = Arc::new(());
        let upstream = Self {
            frames,
            _connection: connection.clone(),
        };
        (sender, connection, upstream)
    }
}

impl Body for Upstream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = self.frames.poll_recv(cx);
        frame.map(|frame| frame.map(|text| Ok(Frame::data(Bytes::from(text)))))
    }
}

#[tokio::test]
async fn the_usage_is_reported_after_the_caller_left() {
    let recorder = Recorder::new();
    let drain = on_this_runtime();
    leave_after(1, &drain, &layer(&recorder), ScriptedBody::new(whole())).await;
    assert_eq!(drain.open_drains(), 1, "the rest is being read");
    assert_eq!(spans(&recorder), "", "the span waits for it");
    assert!(drain.wait_idle(Duration::from_secs(60)).await, "it ends");
    assert_eq!(drain.open_drains(), 0, "no drain is open");
    assert_has(
        &spans(&recorder),
        &[
            "[error: the caller left before the answer was complete]",
            "error.type=\"cancelled\"",
            "gen_ai.response.finish_reasons=[\"stop\"]",
            "gen_ai.usage.input_tokens=11",
            "gen_ai.usage.output_tokens=7",
            "throughline.response.drained=true",
            "throughline.tokens.source=\"reported\"",
        ],
    );
}

#[tokio::test]
async fn a_caller_who_had_it_all_did_not_cancel() {
    let recorder = Recorder::new();
    let drain = on_this_runtime();
    let script = [Script::Data(FIRST), Script::Data(LAST), Script::Data(USAGE)];
    leave_after(2, &drain, &layer(&recorder), ScriptedBody::new(script)).await;
    assert!(drain.wait_idle(Duration::from_secs(60)).await, "it ends");
    let tree = spans(&recorder);
    assert_has(
        &tree,
        &["throughline.response.drained=true", "source=\"reported\""],
    );
    assert!(!tree.contains("error"), "no error: {tree}");

    let recorder = Recorder::new();
    leave_after(
        5,
        &drain,
        &layer(&recorder),
        ScriptedBody::new(whole()).knowing_its_end(),
    )
    .await;
    assert_eq!(drain.open_drains(), 0, "no drain is open");
    let tree = spans(&recorder);
    assert!(!tree.contains("drained"), "nothing was drained: {tree}");
}

#[tokio::test(start_paused = true)]
async fn the_bound_of_time() {
    let recorder = Recorder::new();
    let drain = on_this_runtime().with_time_limit(Duration::from_secs(3));
    let (sender, connection, upstream) = Upstream::new();
    sender.send(FIRST).unwrap();
    leave_after(1, &drain, &layer(&recorder), upstream).await;
    let begun = tokio::time::Instant::now();
    assert!(
        drain.wait_idle(Duration::from_secs(60)).await,
        "it ends by itself"
    );
    assert_eq!(begun.elapsed(), Duration::from_secs(3), "at once");
    assert_eq!(Arc::strong_count(&connection), 1, "the connection is released");
    let tree = spans(&recorder);
    assert_has(&tree, &["error.type=\"cancelled\"", "source=\"estimated\""]);
    assert!(!tree.contains("drained"), "nothing came any more: {tree}");
}

#[tokio::test(start_paused = true)]
async fn the_bound_of_bytes() {
    let recorder = Recorder::new();
    let drain = on_this_runtime().with_byte_limit((FIRST.len() + LAST.len()) as u64);
    let (sender, connection, upstream) = Upstream::new();
    for frame in [FIRST, FIRST, LAST, USAGE] {
        sender.send(frame).unwrap();
    }
    leave_after(1, &drain, &layer(&recorder), upstream).await;
    assert!(
        drain.wait_idle(Duration::from_secs(60)).await,
        "it ends by itself"
    );
    assert_eq!(Arc::strong_count(&connection), 1, "the connection is released");
    assert_has(
        &spans(&recorder),
        &[
            "error.type=\"cancelled\"",
            "throughline.response.drained=true",
            "source=\"reported\"",
        ],
    );

    let recorder = Recorder::new();
    let drain = on_this_runtime().with_byte_limit(FIRST.len() as u64);
    let (sender, _connection, upstream) = Upstream::new();
    for frame in [FIRST, FIRST, FIRST] {
        sender.send(frame).unwrap();
    }
    leave_after(1, &drain, &layer(&recorder), upstream).await;
    assert!(
        drain.wait_idle(Duration::from_secs(60)).await,
        "it ends by itself"
    );
    assert_has(
        &spans(&recorder),
        &["throughline.tokens.output=3", "source=\"estimated\""],
    );
}

#[tokio::test(start_paused = true)]
async fn the_bound_of_count_and_a_shutdown() {
    let recorder = Recorder::new();
    let drain = on_this_runtime().with_max_drains(1);
    let (first, connection, upstream) = Upstream::new();
    first.send(FIRST).unwrap();
    leave_after(1, &drain, &layer(&recorder), upstream).await;
    let (second, refused, upstream) = Upstream::new();
    second.send(FIRST).unwrap();
    leave_after(1, &drain, &layer(&recorder), upstream).await;
    assert_eq!(drain.open_drains(), 1, "only one is read");
    assert_eq!(Arc::strong_count(&refused), 1, "the other is dropped at once");
    assert_has(&spans(&recorder), &["source=\"estimated\"", "cancelled"]);

    assert!(
        !drain.wait_idle(Duration::from_secs(1)).await,
        "it does not end by itself"
    );
    assert_eq!(drain.open_drains(), 0, "it is cut off");
    assert_eq!(Arc::strong_count(&connection), 1, "its connection is released");
    assert_eq!(
        spans(&recorder).matches("cancelled").count(),
        2,
        "both have spans"
    );
    assert!(drain.wait_idle(Duration::ZERO).await, "nothing to wait for");
}

#[test]
fn a_runtime_that_ends_drops_its_drains() {
    let recorder = Recorder::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let (sender, connection, upstream) = Upstream::new();
    sender.send(FIRST).unwrap();
    let drain = runtime.block_on(async {
        let drain = on_this_runtime();
        leave_after(1, &drain, &layer(&recorder), upstream).await;
        tokio::task::yield_now().await;
        drain
    });
    assert_eq!(drain.open_drains(), 1, "it is open");
    drop(runtime);
    assert_eq!(drain.open_drains(), 0, "its room is free");
    assert_eq!(Arc::strong_count(&connection), 1, "its connection is released");
    assert_has(&spans(&recorder), &["error.type=\"cancelled\""]);

    let recorder = Recorder::new();
    let (sender, connection, upstream) = Upstream::new();
    sender.send(FIRST).unwrap();
    crate::support::block_on(leave_after(1, &drain, &layer(&recorder), upstream));
    assert_eq!(drain.open_drains(), 0, "a dead executor takes no room");
    assert_eq!(Arc::strong_count(&connection), 1, "nor a connection");
    assert_has(&spans(&recorder), &["error.type=\"cancelled\""]);
}

#[tokio::test]
async fn a_drain_that_panics_ends_only_itself() {
    let recorder = Recorder::new();
    let drain = on_this_runtime();
    let script = [Script::Data(FIRST), Script::Panic];
    leave_after(1, &drain, &layer(&recorder), ScriptedBody::new(script)).await;
    assert!(drain.wait_idle(Duration::from_secs(60)).await, "it ends");
    assert_has(&spans(&recorder), &["error.type=\"cancelled\""]);
}

#[tokio::test]
async fn a_scope_above_has_the_call_in_its_totals() {
    let recorder = Recorder::new();
    let drain = on_this_runtime();
    let llm = layer(&recorder);
    let call = leave_after(1, &drain, &llm, ScriptedBody::new(whole()));
    let planner = agent("planner").with_tracer_provider(recorder.tracer_provider());
    planner.run(call).await;
    assert!(drain.wait_idle(Duration::from_secs(60)).await, "it ends");
    assert_has(
        &spans(&recorder),
        &["throughline.tokens.calls=1", "throughline.tokens.output=7"],
    );
}

/// Keeps the work for the test to do.
#[derive(Clone, Default)]
struct ByHand(Arc<Mutex<Vec<Work>>>);

impl Executor for ByHand {
    fn spawn(&self, work: Work) {
        self.0.lock().unwrap().push(work);
    }

    fn sleep(&self, _: Duration) -> Work {
        Box::pin(std::future::pending())
    }
}

#[test]
fn an_executor_of_the_users() {
    let recorder = Recorder::new();
    let executor = ByHand::default();
    let drain = DrainLayer::new(executor.clone());
    crate::support::block_on(leave_after(
        1,
        &drain,
        &layer(&recorder),
        ScriptedBody::new(whole()),
    ));
    let work = executor.0.lock().unwrap().pop().expect("a drain");
    crate::support::block_on(work);
    assert_eq!(drain.open_drains(), 0, "it is done");
    assert_has(&spans(&recorder), &["source=\"reported\""]);

    let recorder = Recorder::new();
    crate::support::block_on(leave_after(
        1,
        &drain,
        &layer(&recorder),
        ScriptedBody::new(whole()),
    ));
    drop(executor.0.lock().unwrap().pop().expect("a drain"));
    assert_eq!(drain.open_drains(), 0, "dropped before it began");
    assert_has(
        &spans(&recorder),
        &["error.type=\"cancelled\"", "source=\"estimated\""],
    );
}

/// Runs nothing.
struct Broken;

impl Executor for Broken {
    fn spawn(&self, _: Work) {
        panic!("no runtime");
    }

    fn sleep(&self, _: Duration) -> Work {
        Box::pin(std::future::pending())
    }
}

#[test]
fn an_executor_that_panics_is_none_of_the_callers_business() {
    let recorder = Recorder::new();
    let drain = DrainLayer::new(Broken);
    crate::support::block_on(leave_after(
        1,
        &drain,
        &layer(&recorder),
        ScriptedBody::new(whole()),
    ));
    assert_eq!(drain.open_drains(), 0, "it takes no room");
    assert_has(
        &spans(&recorder),
        &["error.type=\"cancelled\"", "source=\"estimated\""],
    );
}

#[test]
fn what_is_no_model_call_is_not_drained() {
    let recorder = Recorder::new();
    for (uri, body) in [
        ("https://shop.example/orders", HELLO_STREAMED),
        ("https://shop.example/polls/7/responses", "{\"rating\":5}"),
    ] {
        let drain = DrainLayer::new(ByHand::default());
        let (sender, connection, upstream) = Upstream::new();
        sender.send(FIRST).unwrap();
        let upstream = Arc::new(Mutex::new(Some(upstream)));
        let service = service_fn(move |_: Request<RequestBody<Full<&[u8]>>>| {
            let response = Response::new(upstream.lock().unwrap().take().unwrap());
            async move { Ok::<_, Infallible>(response) }
        });
        let request = Request::post(uri).body(Full::new(body.as_bytes())).unwrap();
        let mut client = drain.layer(layer(&recorder).layer(service));
        let Ok(response) = crate::support::block_on(client.call(request));
        drop(response);
        assert_eq!(drain.open_drains(), 0, "{uri}: nothing is read");
        assert_eq!(Arc::strong_count(&connection), 1, "{uri}: it is dropped at once");
    }
}

#[cfg(feature = "reqwest")]
#[tokio::test]
async fn over_reqwest_with_usage_that_was_asked_for() {
    use reqwest::{Body, Method, ResponseBuilderExt, Url};

    let recorder = Recorder::new();
    let drain = on_this_runtime();
    let provider = service_fn(|request: reqwest::Request| async move {
        let sent = request.body().and_then(Body::as_bytes).unwrap_or_default();
        assert!(
            sent.ends_with(b"\"include_usage\":true}}"),
            "the provider gets the request"
        );
        let response = Response::builder().url(request.url().clone());
        let response = response.header("content-type", "text/event-stream");
        let body = Body::wrap(ScriptedBody::new(whole()));
        Ok::<_, Infallible>(reqwest::Response::from(response.body(body).unwrap()))
    });
    let mut client = drain.layer(IncludeUsageLayer::new().layer(layer(&recorder).layer(provider)));
    let mut request = reqwest::Request::new(Method::POST, Url::parse(CHAT).unwrap());
    *request.body_mut() = Some(Body::from(HELLO_STREAMED));
    let Ok(mut response) = client.call(request).await;
    assert_eq!(response.url().as_str(), CHAT, "the URL passes");
    assert_eq!(response.chunk().await.unwrap().unwrap(), FIRST, "the first chunk");
    drop(response);
    assert!(drain.wait_idle(Duration::from_secs(60)).await, "it ends");
    assert_has(
        &spans(&recorder),
        &[
            "error.type=\"cancelled\"",
            "gen_ai.usage.output_tokens=7",
            "source=\"reported\"",
        ],
    );
}
