//! A service that answers by a script, behind the layer.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::{Request, Response};
use http_body::{Body, Frame};
use throughline_llm_layer::{LlmLayer, RequestBody, wait_idle};
use throughline_test_support::Recorder;
pub(crate) use throughline_test_support::block_on;
use tower::{Layer, Service, service_fn};

/// What no test can know beforehand.
pub(crate) const MASKED: &[&str] = &[
    "gen_ai.response.time_to_first_chunk",
    "throughline.time_to_first_token",
    "throughline.time_waiting_for_reader",
];

pub(crate) const CHAT: &str = "https://api.openai.com/v1/chat/completions";
pub(crate) const HELLO: &str = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}"#;
pub(crate) const HELLO_STREAMED: &str =
    r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}],"stream":true}"#;

pub(crate) const ACTIVE_STREAMS: &str = "throughline.active_streams";

/// A body of chunks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chunks(pub(crate) VecDeque<Bytes>);

impl<B: Into<Bytes>> FromIterator<B> for Chunks {
    fn from_iter<I: IntoIterator<Item = B>>(chunks: I) -> Self {
        Self(chunks.into_iter().map(Into::into).collect())
    }
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|chunk| Ok(Frame::data(chunk))))
    }
}

pub(crate) fn layer(recorder: &Recorder) -> LlmLayer {
    LlmLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
}

/// Counts how often it is woken.
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Polls a future that may be pending only if it is woken. Returns its output and the number of polls.
pub(crate) fn poll_woken<F: Future>(future: F) -> (F::Output, usize) {
    let wakes = Arc::new(Wakes(AtomicUsize::new(0)));
    let waker = Waker::from(wakes.clone());
    let mut future = pin!(future);
    let mut polls = 0;
    loop {
        polls += 1;
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return (output, polls);
        }
        assert!(
            wakes.0.load(Ordering::Relaxed) >= polls,
            "it is woken when it is pending"
        );
    }
}

/// The next frame of data.
pub(crate) fn next<B: Body + Unpin>(body: &mut B) -> Option<Result<Bytes, B::Error>> {
    let frame = block_on(std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)))?;
    Some(frame.map(|frame| {
        let mut data = frame.into_data().ok().expect("a frame of data");
        data.copy_to_bytes(data.remaining())
    }))
}

/// All data of a body.
pub(crate) fn read<B: Body<Error: std::fmt::Debug>>(body: B) -> Bytes {
    let mut body = Box::pin(body);
    let mut all = Vec::new();
    while let Some(data) = next(&mut body) {
        all.extend_from_slice(&data.expect("a body without errors"));
    }
    all.into()
}

/// Sends a request in chunks and reads a response in chunks to its end. Returns both as the other side saw
/// them.
pub(crate) fn exchange(
    layer: &LlmLayer,
    request: Request<Chunks>,
    response: Response<Chunks>,
) -> (Bytes, Response<Bytes>) {
    let mut response = Some(response);
    let mut received = Bytes::new();
    let service = service_fn(|request: Request<RequestBody<Chunks>>| {
        received = read(request.into_body());
        let response = response.take().expect("one request");
        async move { Ok::<_, Infallible>(response) }
    });
    let response = call_once(layer, service, request);
    let response = response.map(read);
    recorded();
    (received, response)
}

/// Waits until all calls are recorded: the first ones that are estimated are so in the background.
pub(crate) fn recorded() {
    assert!(wait_idle(Duration::from_secs(60)), "recorded in time");
}

fn call_once<S, B>(
    layer: &LlmLayer,
    service: S,
    request: Request<Chunks>,
) -> Response<throughline_tracing_layer::observe::ResponseBody<B, throughline_llm_layer::CallObserver>>
where
    S: Service<Request<RequestBody<Chunks>>, Response = Response<B>, Error = Infallible>,
    B: Body<Error = Infallible>,
{
    let service = std::rc::Rc::new(std::cell::RefCell::new(service));
    let shared = service_fn(move |request| service.borrow_mut().call(request));
    let Ok(response) = block_on(layer.layer(shared).call(request));
    response
}

/// The metrics without the labels that all of the conventions' share, and without the streams that are open.
pub(crate) fn metrics(recorder: &Recorder) -> Vec<String> {
    const COMMON: &[&str] = &[
        "gen_ai.operation.",
        "gen_ai.provider.",
        "gen_ai.request.",
        "gen_ai.response.",
        "server.",
    ];
    let short = |line: String| {
        let (name, rest) = line.split_once('{').expect("labels");
        let (labels, value) = rest.rsplit_once('}').expect("a value");
        let is_shown = |label: &&str| !COMMON.iter().any(|common| label.starts_with(common));
        let labels: Vec<&str> = labels.split(',').filter(is_shown).collect();
        format!("{name}{{{}}}{value}", labels.join(","))
    };
    let all = recorder.metrics().into_iter();
    all.filter(|line| !line.starts_with(ACTIVE_STREAMS))
        .map(short)
        .collect()
}

/// The attributes of the tree whose names begin so.
pub(crate) fn lines_with(recorder: &Recorder, prefixes: &[&str]) -> Vec<String> {
    let tree = recorder.tree(MASKED);
    let lines = tree.lines().filter_map(|line| line.trim().strip_prefix("- "));
    let is_shown = |line: &&str| prefixes.iter().any(|prefix| line.starts_with(prefix));
    lines.filter(is_shown).map(str::to_owned).collect()
}

/// A call with a tool and a temperature, and its answer.
pub(crate) fn unary(layer: &LlmLayer) {
    let body = r#"{"model":"gpt-4o","temperature":0.5,"messages":[{"role":"user","content":"Hello"}],"tools":[{"type":"function","function":{"name":"f"}}]}"#;
    let request = Request::post(CHAT).body(Chunks::from_iter([body])).unwrap();
    exchange(layer, request, Response::new(Chunks::from_iter([ANSWER])));
}

const ANSWER: &str = r#"{"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":8,"completion_tokens":2}}"#;
