//! Hostile answers: the caller gets what was sent, and the span records what was read.

use std::cell::RefCell;
use std::convert::Infallible;
use std::io::Read;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use allocation_counter::measure;
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use throughline_llm_layer::{CallObserver, LlmLayer, RequestBody};
use throughline_test_support::Recorder;
use throughline_tracing_layer::observe::ResponseBody;
use tower::{Layer, Service, service_fn};

use crate::support::{CHAT, Chunks, HELLO_STREAMED, MASKED, block_on, layer, next, read, recorded};

/// The most bytes that a stream may hold, whatever comes.
pub(crate) const MAX_HELD_BYTES: u64 = 256 * 1024;

#[test]
fn hostile_answers() {
    let good = r#"data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
    let usage = |count: &str| {
        format!(
            "data: {{\"choices\":[{{\"finish_reason\":\"stop\"}}],\"usage\":{{\"prompt_tokens\":{count},\"completion_tokens\":{count}}}}}\n\ndata: [DONE]\n\n"
        )
        .into_bytes()
    };
    let nested = |depth| format!("data: {}\n\n{good}\n\n", "[".repeat(depth)).into_bytes();
    let reported = "throughline.tokens.source=\"reported\"";
    let estimated = "throughline.tokens.source=\"estimated\"";
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        (
            "one event of 10 MB",
            format!("data: {{\"skip\":\"{}\"}}\n\n{good}\n\n", "x".repeat(10_000_000)).into_bytes(),
            reported,
        ),
        (
            "a line of 10 MB that is no field",
            ["y".repeat(10_000_000), format!("\n\n{good}")]
                .concat()
                .into_bytes(),
            reported,
        ),
        (
            "a key of 1 MB",
            format!("data: {{\"{}\":1}}\n\n{good}\n\n", "k".repeat(1_000_000)).into_bytes(),
            reported,
        ),
        ("deep nesting", nested(100_000), reported),
        ("usage below zero", usage("-5"), estimated),
        ("usage of 2^64", usage("18446744073709551616"), estimated),
        (
            "usage that would overflow a sum",
            usage("9223372036854775807"),
            estimated,
        ),
        ("usage as a float", usage("1e400"), estimated),
        ("usage as a word", usage("\"twelve\""), estimated),
        (
            "NUL bytes",
            [b"\0\0data: \0\0\n\n", good.as_bytes()].concat(),
            reported,
        ),
        (
            "invalid UTF-8",
            [b"data: {\"a\":\"\xff\xfe\xc3\"}\n\n", good.as_bytes()].concat(),
            reported,
        ),
        (
            "a million alternatives",
            format!(
                "data: {{\"choices\":[{}]}}\n\n{good}\n\n",
                "{\"index\":4294967295,\"finish_reason\":\"x\"},"
                    .repeat(30_000)
                    .trim_end_matches(',')
            )
            .into_bytes(),
            "",
        ),
        (
            "long reasons to end",
            (0..200)
                .map(|index| {
                    format!(
                        "data: {{\"choices\":[{{\"index\":{index},\"finish_reason\":\"{}\"}}]}}\n\n",
                        "x".repeat(100_000)
                    )
                })
                .collect::<String>()
                .into_bytes(),
            "",
        ),
        (
            "nothing but line ends",
            "\r\n".repeat(100_000).into_bytes(),
            estimated,
        ),
    ];
    for (name, answer, expected) in cases {
        let answer = Bytes::from(answer);
        for size in [answer.len(), 16 * 1024] {
            let recorder = Recorder::new();
            let chunks = || {
                (0..answer.len())
                    .step_by(size)
                    .map(|at| answer.slice(at..answer.len().min(at + size)))
            };
            let body = streamed(&layer(&recorder), chunks().collect::<Chunks>(), "identity");
            assert!(read(body) == answer, "{name}: every byte passes");
            recorded();
            let tree = recorder.tree(MASKED);
            assert!(
                tree.contains(expected),
                "{name}: {}",
                tree.get(..2000).unwrap_or(&tree)
            );
            let mut body = streamed(&layer(&recorder), chunks().collect::<Chunks>(), "identity");
            // Without the end: a thread that counts for the first time makes what it counts with, and keeps it.
            let held =
                measure(|| chunks().for_each(|_| assert!(next(&mut body).is_some(), "it goes on"))).bytes_max;
            assert!(held <= MAX_HELD_BYTES, "{name}: {held} bytes held");
        }
    }
}

/// The observed body of an answer.
pub(crate) fn observed<B: Body<Error = Infallible> + 'static>(
    layer: &LlmLayer,
    request: Request<Chunks>,
    response: Response<B>,
) -> ResponseBody<B, CallObserver> {
    let mut response = Some(response);
    let service = service_fn(move |_: Request<RequestBody<Chunks>>| {
        let response = response.take().unwrap();
        async { Ok::<_, Infallible>(response) }
    });
    let service = Rc::new(RefCell::new(service));
    let service = service_fn(move |request| service.borrow_mut().call(request));
    let Ok(response) = block_on(layer.layer(service).call(request));
    response.into_body()
}

/// The observed body of a requested stream.
fn streamed<B: Body<Error = Infallible> + 'static>(
    layer: &LlmLayer,
    body: B,
    encoding: &str,
) -> ResponseBody<B, CallObserver> {
    let request = Request::post(CHAT)
        .body(Chunks::from_iter([HELLO_STREAMED]))
        .unwrap();
    let response = Response::builder()
        .header("content-type", "text/event-stream")
        .header("content-encoding", encoding);
    observed(layer, request, response.body(body).unwrap())
}

/// A few kilobytes that unfold to 300 MB.
#[test]
fn a_bomb() {
    let bomb = Bytes::from(zstd::encode_all(std::io::repeat(b' ').take(300_000_000), 3).unwrap());
    assert!(bomb.len() < 100_000, "{} bytes", bomb.len());
    let recorder = Recorder::new();
    let body = streamed(&layer(&recorder), Chunks::from_iter([bomb.clone()]), "zstd");
    assert_eq!(read(body), bomb, "it passes unchanged");
    recorded();
    let tree = recorder.tree(MASKED);
    assert!(
        tree.contains("throughline.response.unseen=\"too_large\""),
        "the span says so: {tree}"
    );
    assert!(!tree.contains("error"), "it is no error: {tree}");
}

/// A beginning, and then the same frame for ever.
struct Endless(&'static [u8], &'static [u8]);

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = match std::mem::take(&mut self.0) {
            [] => self.1,
            beginning => beginning,
        };
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(frame)))))
    }
}

#[test]
fn an_endless_stream() {
    let frames: [(&str, &[u8], &[u8], &str); 5] = [
        (
            "text",
            b"",
            b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"All work and no play makes Jack a dull boy. \"}}]}\n\n",
            "throughline.tokens.output=",
        ),
        ("comments", b"", b": ping\n\n", "throughline.tokens.source=\"estimated\""),
        (
            "one string",
            b"data: {\"x\":\"",
            b"never closed ",
            "throughline.tokens.source=\"estimated\"",
        ),
        (
            "one document",
            b"data: {",
            b"\"choices\":[{\"index\":7,\"finish_reason\":\"stop\"}],",
            "throughline.tokens.source=\"estimated\"",
        ),
        (
            "one array",
            b"data: {\"choices\":[",
            b"{\"index\":7,\"finish_reason\":\"stop\",\"delta\":{\"tool_calls\":[{\"function\":{\"name\":\"\"}}]}},",
            "throughline.tokens.source=\"estimated\"",
        ),
    ];
    for (name, beginning, frame, expected) in frames {
        let recorder = Recorder::new();
        let mut body = streamed(&layer(&recorder), Endless(beginning, frame), "identity");
        let mut read = |frames| (0..frames).for_each(|_| assert!(next(&mut body).is_some(), "it goes on"));
        // What is counted of a text, at most 1 MiB, is held by the thread that counts it.
        read(30_000);
        let held = measure(|| read(200_000)).bytes_max;
        assert!(held <= MAX_HELD_BYTES, "{name}: {held} bytes held");
        drop(body);
        recorded();
        let tree = recorder.tree(MASKED);
        assert!(tree.contains("error.type=\"cancelled\""), "{name}: {tree}");
        assert!(tree.contains(expected), "{name}: {tree}");
    }
}

#[test]
fn what_waits_to_be_counted_is_bounded() {
    let request =
        r#"{"model":"gpt-4o","n":2,"messages":[],"stream":true,"stream_options":{"include_usage":true}}"#;
    let request = Request::post(CHAT).body(Chunks::from_iter([request])).unwrap();
    let frame = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"twenty letters long. \"}},{\"index\":1,\"delta\":{\"content\":\"twenty letters long. \"}}]}\n\n";
    let response = Response::builder().header("content-type", "text/event-stream");
    let recorder = Recorder::new();
    let mut body = observed(
        &layer(&recorder),
        request,
        response.body(Endless(b"", frame)).unwrap(),
    );
    let held = measure(|| (0..3_000).for_each(|_| assert!(next(&mut body).is_some(), "it goes on")));
    assert!(held.bytes_max > 100_000, "they wait: {} bytes", held.bytes_max);
    assert!(held.bytes_max <= MAX_HELD_BYTES, "{} bytes", held.bytes_max);
    drop(body);
    recorded();
    let tree = recorder.tree(MASKED);
    assert!(
        tree.contains("throughline.tokens.output=24004"),
        "none is lost: {tree}"
    );
}
