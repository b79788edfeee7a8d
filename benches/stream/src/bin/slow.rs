//! Measures the heap that slow streams hold: 5000 model calls whose answers have begun and wait for more,
//! without the sockets of a client. See the README.
//!
//! Run with `cargo run --release -p throughline-stream-bench --bin slow`.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::Full;
use opentelemetry::metrics::noop::NoopMeterProvider;
use opentelemetry::trace::noop::NoopTracerProvider;
use opentelemetry_sdk::metrics::{ManualReader, SdkMeterProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;
use throughline_llm_layer::{LlmLayer, wait_idle};
use throughline_tracing_layer::ClientLayer;
use tower::{Layer, Service};

#[expect(dead_code, reason = "the peak is for another benchmark")]
#[path = "../heap.rs"]
mod heap;

/// The streams that are open at the same time.
const STREAMS: usize = 5_000;
/// The events that each stream has sent.
const EVENTS: usize = 20;
const EVENT: &[u8] = br#"data: {"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk","created":1741569952,"model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}]}

"#;
const QUESTION: &[u8] =
    br#"{"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"Hello"}]}"#;

/// Answers with a stream that sends some events and then waits.
#[derive(Debug, Clone, Copy)]
struct Provider;

/// The number of events that are still to be sent.
struct Slow(usize);

impl Body for Slow {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.0 == 0 {
            return Poll::Pending;
        }
        self.0 -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(EVENT)))))
    }
}

impl<B> Service<Request<B>> for Provider {
    type Response = Response<Slow>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        let response = Response::builder().header("content-type", "text/event-stream");
        ready(Ok(response.body(Slow(EVENTS)).expect("a response")))
    }
}

fn main() {
    let tracers = SdkTracerProvider::builder().build();
    let reader = ManualReader::builder().build();
    let meters = SdkMeterProvider::builder().with_reader(reader).build();
    println!("| {STREAMS} slow streams | heap per stream, bytes | above bare |");
    println!("|---|--:|--:|");
    let bare = row("bare", Provider, None);
    let off = ClientLayer::new()
        .with_tracer_provider(NoopTracerProvider::new())
        .with_meter_provider(NoopMeterProvider::new());
    let llm_off = LlmLayer::new()
        .with_tracer_provider(NoopTracerProvider::new())
        .with_meter_provider(NoopMeterProvider::new());
    row("off", llm_off.layer(off.layer(Provider)), Some(bare));
    let client = ClientLayer::new()
        .with_tracer_provider(tracers.clone())
        .with_meter_provider(meters.clone());
    let llm = LlmLayer::new()
        .with_tracer_provider(tracers)
        .with_meter_provider(meters);
    row("sampled", llm.layer(client.layer(Provider)), Some(bare));
}

/// Opens the streams, prints what each holds, and returns it.
fn row<S, B>(name: &str, mut service: S, bare: Option<usize>) -> usize
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: Body,
{
    // The first stream fills caches, and loads a vocabulary because it breaks off.
    drop(open(&mut service));
    assert!(wait_idle(Duration::from_secs(60)), "recorded in time");
    let mut streams = Vec::with_capacity(STREAMS);
    let before = heap::start();
    streams.extend((0..STREAMS).map(|_| open(&mut service)));
    let each = (heap::start() - before) / STREAMS;
    match bare {
        Some(bare) => println!("| {name} | {each} | {} |", each - bare),
        None => println!("| {name} | {each} | |"),
    }
    each
}

/// Sends a request and reads the events of its answer.
fn open<S, B>(service: &mut S) -> Pin<Box<B>>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: Body,
{
    let mut cx = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut cx).is_ready(), "always ready");
    let request = Request::post("http://127.0.0.1:8080/v1/chat/completions")
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from_static(QUESTION)))
        .expect("a request");
    let mut future = Box::pin(service.call(request));
    let response = loop {
        if let Poll::Ready(response) = future.as_mut().poll(&mut cx) {
            break response;
        }
    };
    let Ok(response) = response;
    let mut body = Box::pin(response.into_body());
    while body.as_mut().poll_frame(&mut cx).is_ready() {}
    body
}
