//! The memory of a stream does not grow with it.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use opentelemetry_sdk::trace::SdkTracerProvider;
use throughline_llm_layer::{LlmLayer, RequestBody, settle};
use tower::{Layer, ServiceExt, service_fn};

use crate::heap;

/// A chunk, again and again.
struct Repeated {
    chunk: Bytes,
    left: u64,
}

impl Body for Repeated {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.left = self.left.saturating_sub(self.chunk.len() as u64);
        let chunk = (self.left > 0).then(|| Ok(Frame::data(self.chunk.clone())));
        Poll::Ready(chunk)
    }
}

/// The most heap in use while so many bytes pass in chunks of so many, above what was in use before.
fn heap_of(events: usize, text: usize, length: u64) -> usize {
    let text = "word ".repeat(text / 5);
    let event = format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n");
    let chunk = Bytes::from(event.repeat(events));
    let tracers = SdkTracerProvider::builder().build();
    let service = service_fn(move |_: Request<RequestBody<Full<Bytes>>>| {
        let body = Repeated {
            chunk: chunk.clone(),
            left: length,
        };
        let response = Response::builder().header("content-type", "text/event-stream");
        async { Ok::<_, Infallible>(response.body(body).expect("a response")) }
    });
    let client = LlmLayer::new().with_tracer_provider(tracers).layer(service);
    let request = Request::post("http://127.0.0.1/v1/chat/completions");
    let question = r#"{"model":"gpt-4o","messages":[],"stream":true}"#;
    let request = request.body(Full::from(question)).expect("a request");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let before = heap::start();
        let response = client.oneshot(request).await.expect("an answer");
        let mut body = pin!(response.into_body());
        let mut read = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.expect("a frame");
            read += frame.data_ref().map_or(0, |data| data.remaining() as u64);
        }
        assert!(read + (1 << 20) > length, "the whole stream");
        heap::peak() - before
    })
}

#[test]
fn memory_of_a_stream_is_flat() {
    // The vocabulary of tokens is loaded once, in the background.
    heap_of(1, 5, 1024);
    assert!(settle(Duration::from_secs(60)), "loaded");
    for (events, text) in [(1, 5), (64, 64), (1, 16 * 1024), (1, 1024 * 1024)] {
        let heap = heap_of(events, text, 1 << 30);
        assert!(settle(Duration::from_secs(60)), "counted");
        assert!(
            heap <= STREAM + TOKENIZER,
            "{events} events of {text} bytes a chunk: {heap} bytes"
        );
    }
}

/// What a stream may hold, what waits to be counted among it.
const STREAM: usize = 256 * 1024;
/// What tiktoken-rs works with while it counts 16 KiB, on the one thread that counts for all streams.
const TOKENIZER: usize = 256 * 1024;
