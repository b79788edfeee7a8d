//! Measures the cost of an event in each dialect, read from memory: many events per frame, and one event per
//! frame. See the README.
//!
//! Run with `cargo run --release -p throughline-stream-bench --bin dialects`. To select a row, add its name.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use std::vec;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::Full;
use opentelemetry_sdk::metrics::{ManualReader, SdkMeterProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;
use throughline_llm_layer::{LlmLayer, RequestBody};
use throughline_tracing_layer::provider::BoundInstruments;
use tokio::runtime::{self, Runtime};
use tower::{Layer, ServiceExt, service_fn};

/// The number of events in a stream.
const EVENTS: usize = 200_000;
/// The size of a frame with many events. It splits events at any byte.
const FRAME: usize = 16 * 1024;
/// The number of times that each stream is read.
const ROUNDS: usize = 7;

/// A format of a streamed answer.
struct Dialect {
    name: &'static str,
    path: &'static str,
    request: &'static str,
    /// Returns the event with this number, which carries a text.
    event: fn(usize, &str) -> String,
}

const DIALECTS: [Dialect; 7] = [
    Dialect {
        name: "OpenAI chat, compatible APIs",
        path: "/v1/chat/completions",
        request: r#"{"model":"gpt-4o","messages":[],"stream":true,"stream_options":{"include_usage":true}}"#,
        event: |_, text| {
            format!(
                r#"data: {{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-4o","service_tier":"default","system_fingerprint":"fp_1","choices":[{{"index":0,"delta":{{"content":"{text}"}},"logprobs":null,"finish_reason":null}}],"usage":null}}{END}"#
            )
        },
    },
    Dialect {
        name: "OpenAI chat",
        path: "/v1/chat/completions",
        request: r#"{"model":"gpt-4o","messages":[],"stream":true,"stream_options":{"include_usage":true}}"#,
        event: |number, text| {
            let padding = padding(number);
            format!(
                r#"data: {{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-4o","service_tier":"default","system_fingerprint":"fp_1","choices":[{{"index":0,"delta":{{"content":"{text}"}},"logprobs":null,"finish_reason":null}}],"usage":null,"obfuscation":"{padding}"}}{END}"#
            )
        },
    },
    Dialect {
        name: "OpenAI Responses",
        path: "/v1/responses",
        request: r#"{"model":"gpt-4o","input":"Hi","stream":true}"#,
        event: |number, text| {
            let padding = padding(number);
            format!(
                "event: response.output_text.delta\n{}",
                format_args!(
                    r#"data: {{"type":"response.output_text.delta","sequence_number":{number},"item_id":"msg_68a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5","output_index":0,"content_index":0,"delta":"{text}","logprobs":[],"obfuscation":"{padding}"}}{END}"#
                )
            )
        },
    },
    Dialect {
        name: "Anthropic",
        path: "/v1/messages",
        request: r#"{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[],"stream":true}"#,
        event: |number, text| {
            let padding = " ".repeat(number % 13);
            format!(
                "event: content_block_delta\n{}",
                format_args!(
                    r#"data: {{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}{padding}}}{END}"#
                )
            )
        },
    },
    Dialect {
        name: "Gemini",
        path: "/v1beta/models/gemini-2.5-flash:streamGenerateContent",
        request: r#"{"contents":[]}"#,
        event: |number, text| {
            let (output, total) = (number + 1, number + 8);
            format!(
                "{}\r\n\r\n",
                format_args!(
                    r#"data: {{"candidates": [{{"content": {{"parts": [{{"text": "{text}"}}],"role": "model"}},"index": 0}}],"usageMetadata": {{"promptTokenCount": 7,"candidatesTokenCount": {output},"totalTokenCount": {total},"promptTokensDetails": [{{"modality": "TEXT","tokenCount": 7}}]}},"modelVersion": "gemini-2.5-flash","responseId": "mAitaLmkHPPlz7IPvtfUqQ4"}}"#
                )
            )
        },
    },
    Dialect {
        name: "Mistral",
        path: "/v1/chat/completions",
        request: r#"{"model":"mistral-large-latest","messages":[],"stream":true}"#,
        event: |number, text| {
            let padding = padding(number);
            format!(
                r#"data: {{"id":"a4b51a1c4a4b4b7c9d1e","object":"chat.completion.chunk","created":1763712000,"model":"mistral-large-latest","choices":[{{"index":0,"delta":{{"content":"{text}"}},"finish_reason":null}}],"p":"{padding}"}}{END}"#
            )
        },
    },
    Dialect {
        name: "Ollama",
        path: "/api/chat",
        request: r#"{"model":"llama3.2","messages":[]}"#,
        event: |number, text| {
            format!(
                "{}\n",
                format_args!(
                    r#"{{"model":"llama3.2","created_at":"2026-11-21T08:52:19.{number:09}Z","message":{{"role":"assistant","content":"{text}"}},"done":false}}"#
                )
            )
        },
    },
];

const END: &str = "\n\n";

/// Typical texts of models. One in twelve has an escape.
const PIECES: [&str; 12] = [
    " The", " answer", " is", ",", " of", " course", " forty", "-two", ".", " Größe", " people", "\\n\\n",
];

fn padding(number: usize) -> &'static str {
    "3xQ9ZkTb1LmWpA"
        .get(number % 7..7 + number * 5 % 8)
        .expect("ASCII")
}

/// The frames of an answer.
struct Frames(vec::IntoIter<Bytes>);

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.next().map(|bytes| Ok(Frame::data(bytes))))
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let only = arguments.first().map_or("", String::as_str);
    // Callgrind needs only one round, and counts one column at a time.
    let once = arguments.get(1).map(String::as_str);
    let rounds = if once.is_some() { 1 } else { ROUNDS };
    let runtime = runtime::Builder::new_current_thread().build().expect("a runtime");
    let meters = SdkMeterProvider::builder().with_reader(ManualReader::builder().build());
    let meters = meters.build();
    // Lets the layer bind instruments, as `telemetry::init` does.
    let _bound = BoundInstruments::report(meters.clone());
    let layer = LlmLayer::new()
        .with_tracer_provider(SdkTracerProvider::builder().build())
        .with_meter_provider(meters);
    println!("| event | bytes | many per frame, ns | one per frame, ns |");
    println!("|---|--:|--:|--:|");
    for dialect in DIALECTS.iter().filter(|dialect| dialect.name.starts_with(only)) {
        let events = (0..EVENTS).map(|number| (dialect.event)(number, PIECES[number * 7 % PIECES.len()]));
        let singly: Vec<Bytes> = events.map(Bytes::from).collect();
        let all = Bytes::from(singly.concat());
        let at_once = (0..all.len()).step_by(FRAME);
        let at_once: Vec<Bytes> = at_once
            .map(|at| all.slice(at..all.len().min(at + FRAME)))
            .collect();
        let cost = |column: &str, frames: &Vec<Bytes>| {
            if once.is_some_and(|once| once != column) {
                return 0;
            }
            let rounds = (0..rounds).map(|_| read(&runtime, &layer, dialect, frames.clone()));
            rounds.min().unwrap_or_default().as_nanos() / EVENTS as u128
        };
        println!(
            "| {} | {} | {} | {} |",
            dialect.name,
            all.len() / EVENTS,
            cost("at-once", &at_once),
            cost("singly", &singly)
        );
    }
}

/// Reads an answer through the layer, and returns the processor time of this thread.
fn read(runtime: &Runtime, layer: &LlmLayer, dialect: &Dialect, frames: Vec<Bytes>) -> Duration {
    let content_type = match dialect.path {
        "/api/chat" => "application/x-ndjson",
        _ => "text/event-stream",
    };
    let service = service_fn(move |_: Request<RequestBody<Full<Bytes>>>| {
        let response = Response::builder().header("content-type", content_type);
        let response = response.body(Frames(frames.clone().into_iter()));
        async { Ok::<_, Infallible>(response.expect("a response")) }
    });
    let request = Request::post(format!("http://127.0.0.1{}", dialect.path));
    let request = request.body(Full::from(dialect.request)).expect("a request");
    let response = runtime.block_on(layer.layer(service).oneshot(request));
    let body = response.expect("an answer").into_body();
    let start = on_processor();
    measured(body);
    on_processor() - start
}

/// Reads a body. Callgrind counts the instructions of this function.
#[inline(never)]
fn measured(body: impl Body) {
    let mut body = pin!(body);
    let mut cx = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(&mut cx) {
        assert!(frame.is_ok(), "a frame");
    }
}

/// Returns the processor time of this thread.
fn on_processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanoseconds = stat.split(' ').next().and_then(|field| field.parse().ok());
    Duration::from_nanos(nanoseconds.expect("nanoseconds"))
}
