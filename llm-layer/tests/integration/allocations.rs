//! What a call costs in allocations: counted on one thread, after a call that warms up what is made once.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::pin;
use std::task::{Context as Task, Poll, Waker};

use allocation_counter::measure;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use opentelemetry::metrics::noop::NoopMeterProvider;
use opentelemetry::trace::noop::NoopTracerProvider;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use throughline_llm_layer::{LlmLayer, RequestBody};
use throughline_test_support::Recorder;
use tower::{Layer, Service};

use crate::support::{CHAT, Chunks, HELLO, HELLO_STREAMED};

const ANSWER: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"gpt-4o-2024-08-06","choices":[{"index":0,"message":{"role":"assistant","content":"Hello! How can I help you today?","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":8,"completion_tokens":9,"total_tokens":17,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}},"service_tier":"default","system_fingerprint":"fp_1"}"#;

/// Answers at once, with these chunks.
#[derive(Clone)]
struct Model(Vec<Bytes>);

impl Service<Request<RequestBody<Full<Bytes>>>> for Model {
    type Response = Response<Chunks>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Chunks>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Task<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<RequestBody<Full<Bytes>>>) -> Self::Future {
        ready(Ok(Response::new(Chunks(std::mem::take(&mut self.0).into()))))
    }
}

fn request(body: &'static str) -> Request<Full<Bytes>> {
    Request::post(CHAT)
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from_static(body.as_bytes())))
        .unwrap()
}

/// Calls a model whose answer has these chunks, and reads them; the allocations.
fn call(layer: &LlmLayer, body: &'static str, chunks: &[&'static str]) -> u64 {
    let chunk = |chunk: &&'static str| Bytes::from_static(chunk.as_bytes());
    let mut service = layer.layer(Model(chunks.iter().map(chunk).collect()));
    // The service is cloned while the request's body is read, if it is: the clone is no cost of the layer's.
    let spare = measure(|| drop(std::hint::black_box(service.clone()))).count_total;
    let request = request(body);
    let counted = measure(|| {
        let mut task = Task::from_waker(Waker::noop());
        let Poll::Ready(Ok(response)) = pin!(service.call(request)).poll(&mut task) else {
            panic!("the service answers at once")
        };
        let mut body = pin!(response.into_body());
        while let Poll::Ready(Some(_)) = body.as_mut().poll_frame(&mut task) {}
    });
    counted.count_total.saturating_sub(spare)
}

fn sampled(sampler: Sampler) -> LlmLayer {
    LlmLayer::new()
        .with_tracer_provider(SdkTracerProvider::builder().with_sampler(sampler).build())
        .with_meter_provider(Recorder::new().meter_provider())
}

#[test]
fn a_small_call() {
    let noop = LlmLayer::new()
        .with_tracer_provider(NoopTracerProvider::new())
        .with_meter_provider(NoopMeterProvider::new());
    let cases = [
        ("no-op", noop, 0),
        ("sampled out", sampled(Sampler::AlwaysOff), 47),
        ("sampled", sampled(Sampler::AlwaysOn), 56),
    ];
    for (name, layer, most) in cases {
        call(&layer, HELLO, &[ANSWER]);
        let counted = call(&layer, HELLO, &[ANSWER]);
        assert!(counted <= most, "{name}: {counted}, at most {most}");
    }
}

#[test]
fn a_chunk_of_a_stream() {
    const CHUNK: &str = "data: {\"id\":\"chatcmpl-1\",\"model\":\"gpt-4o-2024-08-06\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" a\"},\"finish_reason\":null}]}\n\n";
    let layer = sampled(Sampler::AlwaysOn);
    let chunks = [CHUNK; 250];
    call(&layer, HELLO_STREAMED, &chunks);
    // Their text is kept in a buffer that doubles: 260 bytes and 500 have room in one of 512.
    let [few, many] = [130, 250].map(|count| call(&layer, HELLO_STREAMED, &chunks[..count]));
    assert_eq!(many, few, "a hundred chunks more cost nothing more");
}
