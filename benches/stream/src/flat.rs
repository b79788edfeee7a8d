//! Tests that the memory of a stream does not grow with its length.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use opentelemetry_sdk::trace::SdkTracerProvider;
use throughline_llm_layer::{LlmLayer, RequestBody, TokenCounter, TokenEncoding, wait_idle};
use tower::{Layer, ServiceExt, service_fn};

use crate::heap;

/// A body that repeats a chunk.
struct Repeated {
    chunk: Bytes,
    remaining: u64,
}

impl Body for Repeated {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.remaining = self.remaining.saturating_sub(self.chunk.len() as u64);
        let chunk = (self.remaining > 0).then(|| Ok(Frame::data(self.chunk.clone())));
        Poll::Ready(chunk)
    }
}

/// A counter without memory that is blocked until the end of the stream, so that the maximum amount of text
/// waits for it.
struct Stuck(Arc<(Mutex<bool>, Condvar)>);

impl TokenCounter for Stuck {
    fn encoding(&self, _: &str) -> Option<TokenEncoding> {
        Some(TokenEncoding::exact("stuck"))
    }

    fn count(&self, _: &TokenEncoding, segment: &str) -> Option<u64> {
        let (is_over, over) = &*self.0;
        let waited = over.wait_while(is_over.lock().ok()?, |is_over| !*is_over);
        waited.ok().map(|_| segment.len() as u64 / 4)
    }
}

/// Returns the peak heap use while `length` bytes pass in these chunks, above the use before.
fn heap_of(layer: &LlmLayer, chunk: &Bytes, length: u64) -> usize {
    let chunk = chunk.clone();
    let service = service_fn(move |_: Request<RequestBody<Full<Bytes>>>| {
        let body = Repeated {
            chunk: chunk.clone(),
            remaining: length,
        };
        let response = Response::builder().header("content-type", "text/event-stream");
        async { Ok::<_, Infallible>(response.body(body).expect("a response")) }
    });
    let client = layer.layer(service);
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
        assert!(read + (2 << 20) > length, "the whole stream");
        heap::peak() - before
    })
}

/// Returns a chunk of events, each with `text` bytes of text on each channel, for this number of
/// alternatives.
fn chunk(events: usize, text: usize, alternatives: usize) -> Bytes {
    let text = "word ".repeat(text / 5);
    let event = |index: usize| {
        let number = index % alternatives;
        let delta = match index / alternatives % 3 {
            0 => format!(r#""content":"{text}""#),
            1 => format!(r#""reasoning_content":"{text}""#),
            _ => format!(r#""tool_calls":[{{"index":0,"function":{{"arguments":"{text}"}}}}]"#),
        };
        format!("data: {{\"choices\":[{{\"index\":{number},\"delta\":{{{delta}}}}}]}}\n\n")
    };
    (0..events).map(event).collect::<String>().into()
}

#[test]
fn memory_of_a_stream_is_flat() {
    let layer = LlmLayer::new().with_tracer_provider(SdkTracerProvider::builder().build());
    // The tokenizer's vocabulary is loaded once, in the background.
    heap_of(&layer, &chunk(1, 5, 1), 1024);
    assert!(wait_idle(Duration::from_secs(60)), "loaded");
    for (events, text, alternatives) in [
        (1, 5, 1),
        (64, 65, 1),
        (600, 65, 200),
        (1, 16 * 1024, 1),
        (9, 16 * 1024, 3),
        (1, 1024 * 1024, 1),
    ] {
        let what = format!("{events} events of {text} bytes a chunk, {alternatives} alternatives");
        let chunk = chunk(events, text, alternatives);
        let counted = heap_of(&layer, &chunk, 1 << 30);
        assert!(wait_idle(Duration::from_secs(60)), "counted");
        let gate = Arc::default();
        let stuck = layer.clone().with_token_counter(Stuck(Arc::clone(&gate)));
        let waiting = heap_of(&stuck, &chunk, 1 << 30);
        *gate.0.lock().expect("the gate") = true;
        gate.1.notify_all();
        assert!(wait_idle(Duration::from_secs(60)), "counted after all");
        println!(
            "{what}: {} KiB, counted by tiktoken-rs {} KiB",
            waiting / 1024,
            counted / 1024
        );
        assert!(waiting <= STREAM, "{what}: {waiting} bytes");
        assert!(counted <= STREAM + TOKENIZER, "{what}, counted: {counted} bytes");
    }
}

/// The memory limit of a stream, including text that waits to be counted.
const STREAM: usize = 256 * 1024;
/// The working memory of tiktoken-rs while it counts 16 KiB, on the thread that counts for all streams.
const TOKENIZER: usize = 128 * 1024;
