//! What the span says of an exchange that did not go to its end.

use std::cell::Cell;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::Full;
use throughline_llm_layer::RequestBody;
use throughline_test_support::{Recorder, Script, ScriptedBody};
use tower::{Layer, Service, service_fn};

use crate::support::{
    CHAT, Chunks, HELLO, HELLO_STREAMED, MASKED, block_on, exchange, layer, metrics, next, recorded,
};

const FIRST: &str = "data: {\"id\":\"chatcmpl-1\",\"model\":\"gpt-4o-2024-08-06\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hello there\"}}]}\n\n";
const LAST: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

/// Streams a script to a caller who reads `frames` frames and leaves. Returns the span.
fn stream(script: impl IntoIterator<Item = Script>, frames: usize) -> String {
    let recorder = Recorder::new();
    let mut body = Some(ScriptedBody::new(script));
    let service = service_fn(|_: Request<RequestBody<Full<&[u8]>>>| {
        let response = Response::builder().header("content-type", "text/event-stream");
        let response = response.body(body.take().unwrap()).unwrap();
        async move { Ok::<_, Infallible>(response) }
    });
    let service = std::cell::RefCell::new(service);
    let shared = service_fn(|request| service.borrow_mut().call(request));
    let request = Request::post(CHAT)
        .body(Full::new(HELLO_STREAMED.as_bytes()))
        .unwrap();
    let Ok(response) = block_on(layer(&recorder).layer(shared).call(request));
    let mut body = response.into_body();
    for _ in 0..frames {
        let _ = next(&mut body);
    }
    drop(body);
    recorded();
    recorder.tree(MASKED)
}

fn without(tree: &str, prefixes: &[&str]) -> String {
    let is_shown = |line: &&str| {
        !prefixes
            .iter()
            .any(|prefix| line.trim_start_matches([' ', '-']).starts_with(prefix))
    };
    tree.lines()
        .filter(is_shown)
        .map(|line| format!("{line}\n"))
        .collect()
}

const REQUEST: &[&str] = &[
    "gen_ai.operation",
    "gen_ai.provider",
    "gen_ai.request",
    "server.",
    "openai.",
];

#[test]
fn a_caller_who_leaves() {
    let seen = stream([Script::Data(FIRST), Script::Data(LAST)], 1);
    let expected = r#"Client chat gpt-4o [error: the caller left before the answer was complete]
  - error.type="cancelled"
  - gen_ai.response.finish_reasons=["error"]
  - gen_ai.response.id="chatcmpl-1"
  - gen_ai.response.model="gpt-4o-2024-08-06"
  - gen_ai.response.time_to_first_chunk=_
  - throughline.time_to_first_token=_
  - throughline.time_waiting_for_reader=_
  - throughline.tokens.encoding="o200k_base"
  - throughline.tokens.input=8
  - throughline.tokens.output=2
  - throughline.tokens.source="estimated"
"#;
    assert_eq!(without(&seen, REQUEST), expected, "in the middle");
    let expected = r#"Client chat gpt-4o
  - gen_ai.response.finish_reasons=["stop"]
  - gen_ai.response.id="chatcmpl-1"
  - gen_ai.response.model="gpt-4o-2024-08-06"
  - gen_ai.response.time_to_first_chunk=_
  - throughline.time_to_first_token=_
  - throughline.time_waiting_for_reader=_
  - throughline.tokens.encoding="o200k_base"
  - throughline.tokens.input=8
  - throughline.tokens.output=2
  - throughline.tokens.source="estimated"
"#;
    let seen = stream(
        [
            Script::Data(FIRST),
            Script::Data(LAST),
            Script::Data("data: [DONE]\n\n"),
        ],
        2,
    );
    assert_eq!(without(&seen, REQUEST), expected, "after the finish reason");
}

#[test]
fn a_stream_that_breaks_off() {
    let seen = stream([Script::Data(FIRST), Script::Fail("reset")], 2);
    assert!(
        seen.starts_with("Client chat gpt-4o [error: the answer broke off: reset]\n  - error.type=\"throughline_test_support::body::ScriptedError\"\n"),
        "an error of the body: {seen}"
    );
    let seen = stream([Script::Data(FIRST)], 2);
    assert!(
        seen.starts_with("Client chat gpt-4o [error: the stream ended before its last event]\n  - error.type=\"incomplete_stream\"\n"),
        "an end before its time: {seen}"
    );
}

#[test]
fn a_service_that_fails() {
    let recorder = Recorder::new();
    let service = service_fn(|_: Request<RequestBody<Full<&[u8]>>>| async {
        Err::<Response<Full<&[u8]>>, _>(io::Error::other("connection refused"))
    });
    let request = Request::post(CHAT).body(Full::new(HELLO.as_bytes())).unwrap();
    let error = block_on(layer(&recorder).layer(service).call(request)).err();
    assert_eq!(
        error.map(|error| error.to_string()).as_deref(),
        Some("connection refused"),
        "the error passes"
    );
    let expected = r#"Client chat gpt-4o [error: connection refused]
  - error.type="std::io::error::Error"
  - throughline.tokens.source="unknown"
"#;
    assert_eq!(without(&recorder.tree(MASKED), REQUEST), expected, "the span");
    let expected = [
        "gen_ai.client.inference.duration{error.type=std::io::error::Error} count=1",
        "gen_ai.client.inference.usage.input_tokens{gen_ai.token.modality=unknown} 0",
        "gen_ai.client.inference.usage.output_tokens{gen_ai.token.modality=unknown} 0",
    ];
    assert_eq!(metrics(&recorder), expected, "its cost is unknown");
}

#[test]
fn nonsense() {
    for answer in ["<html>not a model</html>", r#"{"weather":"fine"}"#] {
        let recorder = Recorder::new();
        let response = Response::new(Chunks::from_iter([answer]));
        let request = Request::post(CHAT).body(Chunks::from_iter([HELLO])).unwrap();
        let (_, response) = exchange(&layer(&recorder), request, response);
        assert_eq!(response.body(), answer, "it passes");
        let seen = without(&recorder.tree(MASKED), REQUEST);
        let expected = r#"Client chat gpt-4o [error: the answer is not what the API promises]
  - error.type="malformed_response"
  - gen_ai.response.finish_reasons=["error"]
  - throughline.response.unseen="malformed"
  - throughline.tokens.encoding="o200k_base"
  - throughline.tokens.input=8
  - throughline.tokens.source="estimated"
"#;
        assert_eq!(seen, expected, "the span of {answer}");
    }
}

/// Says when it is dropped.
struct Upstream(Chunks, Rc<Cell<bool>>);

impl Drop for Upstream {
    fn drop(&mut self) {
        self.1.set(true);
    }
}

impl Body for Upstream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }
}

#[test]
fn the_span_lasts_as_long_as_the_body_and_no_longer_than_the_caller() {
    let recorder = Recorder::new();
    let dropped = Rc::new(Cell::new(false));
    let mut upstream = Some(Upstream(Chunks::from_iter([FIRST, LAST]), dropped.clone()));
    let service = service_fn(|_: Request<RequestBody<Full<&[u8]>>>| {
        let response = Response::builder().header("content-type", "text/event-stream");
        let response = response.body(upstream.take().unwrap()).unwrap();
        async move { Ok::<_, Infallible>(response) }
    });
    let service = std::cell::RefCell::new(service);
    let shared = service_fn(|request| service.borrow_mut().call(request));
    let request = Request::post(CHAT)
        .body(Full::new(HELLO_STREAMED.as_bytes()))
        .unwrap();
    let Ok(response) = block_on(layer(&recorder).layer(shared).call(request));
    let mut body = response.into_body();
    assert_eq!(recorder.tree(MASKED), "", "the head is not the end");
    assert!(next(&mut body).is_some(), "a frame");
    assert_eq!(recorder.tree(MASKED), "", "nor is a frame");
    drop(body);
    assert!(dropped.get(), "the connection is given up with the body");
    recorded();
    assert!(
        recorder
            .tree(MASKED)
            .contains("gen_ai.response.id=\"chatcmpl-1\""),
        "what was read is on the span"
    );
}
