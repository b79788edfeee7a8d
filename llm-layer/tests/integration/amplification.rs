//! What a call keeps of its request, however that is made: at most twice its bytes, and a constant.

use std::convert::Infallible;

use allocation_counter::measure;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use throughline_llm_layer::{Capture, LlmLayer, PromptSizeMode, RequestBody};
use throughline_test_support::Recorder;
use tower::{Layer, Service, service_fn};

use crate::support::{CHAT, Chunks, MASKED, layer, poll_woken, read, recorded};

/// What a call may keep, whatever its request: its observer, buffers of the scanner.
const CONSTANT: u64 = 64 * 1024;

/// What frames may take that are read ahead, beside their data.
const FRAMES: u64 = 256 * 1024;

const BYTES: usize = 160 * 1024;

fn fill(with: &str) -> String {
    with.repeat(BYTES / with.len())
}

/// Requests that were made to be large in memory, of about [`BYTES`] bytes.
fn shapes() -> Vec<(&'static str, String)> {
    let model = r#"{"model":"gpt-4o","stream":true,"#;
    let messages = |filling: String| format!(r#"{model}"messages":[{filling}0]}}"#);
    let tool = r#"{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{"a":{"type":"string","enum":["x","y"]}}}}},"#;
    vec![
        ("objects", messages(fill(r#"{"":0},"#))),
        ("empty objects", messages(fill("{},"))),
        ("empty arrays", messages(fill("[],"))),
        ("numbers", messages(fill("0,"))),
        ("empty strings", messages(fill(r#""","#))),
        ("messages", messages(fill(r#"{"role":"user","content":""},"#))),
        (
            "parts",
            messages(format!(
                r#"{{"role":"user","content":[{}0]}},"#,
                fill(r#"{"type":"text","text":""},"#)
            )),
        ),
        (
            "nesting",
            messages(fill(&format!("{}{},", "[".repeat(100), "]".repeat(100)))),
        ),
        (
            "nested objects",
            messages(fill(&format!("{}0{},", r#"{"a":"#.repeat(100), "}".repeat(100)))),
        ),
        (
            "a string",
            messages(format!(r#"{{"role":"user","content":"{}"}},"#, fill("x "))),
        ),
        (
            "escapes",
            messages(format!(r#"{{"role":"user","content":"{}"}},"#, fill("\\n"))),
        ),
        ("a key", messages(format!(r#"{{"{}":0}},"#, fill("k")))),
        ("a number", messages(format!("{},", fill("1")))),
        (
            "keys at the root",
            format!(r#"{model}{}"messages":[]}}"#, fill(r#""":0,"#)),
        ),
        (
            "keys that count",
            format!(
                r#"{model}{}"messages":[]}}"#,
                fill(r#""model":"m","temperature":1,"stop":["a"],"#)
            ),
        ),
        (
            "a stop array",
            format!(r#"{model}"stop":[{}"x"],"messages":[]}}"#, fill(r#""x","#)),
        ),
        (
            "a long stop",
            format!(r#"{model}"stop":["{}"],"messages":[]}}"#, fill("x")),
        ),
        ("a model", format!(r#"{{"model":"{}","messages":[]}}"#, fill("m"))),
        (
            "tools",
            format!(r#"{model}"messages":[],"tools":[{}{{}}]}}"#, fill(tool)),
        ),
        (
            "a schema",
            format!(
                r#"{model}"messages":[],"tools":[{{"function":{{"name":"f","parameters":{{"properties":{{{}"z":{{}}}}}}}}}}]}}"#,
                fill(r#""a":{"type":"string"},"#),
            ),
        ),
    ]
}

/// What a request costs until its answer has begun, and while it streams.
struct Cost {
    peak: u64,
    held: i64,
    polls: usize,
}

fn cost<B>(layer: &LlmLayer, body: B) -> Cost
where
    B: Body<Data: 'static, Error = Infallible> + 'static,
{
    let service = service_fn(|request: Request<RequestBody<B>>| async move {
        // The request is sent: the client keeps none of it.
        drop(request);
        let response = Response::builder().header("content-type", "text/event-stream");
        Ok::<_, Infallible>(
            response
                .body(Chunks::from_iter(["data: {\"choices\":[]}\n\n"]))
                .unwrap(),
        )
    });
    let mut service = layer.layer(service);
    let request = Request::post(CHAT).body(body).unwrap();
    let mut answer = None;
    let mut polls = 0;
    let measured = measure(|| {
        let (response, count) = poll_woken(service.call(request));
        let Ok(response) = response;
        polls = count;
        answer = Some(response);
    });
    let cost = Cost {
        peak: measured.bytes_max,
        held: measured.bytes_current,
        polls,
    };
    read(answer.unwrap().into_body());
    recorded();
    cost
}

#[test]
fn a_call_keeps_at_most_twice_its_request() {
    let recorder = Recorder::new();
    let layers = [
        ("plain", layer(&recorder)),
        (
            "all that reads a prompt",
            layer(&recorder)
                .with_capture(Capture::SpanAndEvent)
                .with_legacy_attributes(true)
                .with_openinference(true)
                .with_prompt_size(PromptSizeMode::TaskWeaver),
        ),
    ];
    for (kind, layer) in layers {
        cost(
            &layer,
            Full::new(Bytes::from_static(b"{\"model\":\"gpt-4o\",\"messages\":[]}")),
        );
        for (name, body) in shapes() {
            let body = Bytes::from(body);
            let length = body.len() as u64;
            // Made before it is measured, and shared: all of it is what the layer adds.
            let whole = cost(&layer, Full::new(body.clone()));
            assert!(
                whole.peak <= CONSTANT,
                "{kind}, {name}: {} bytes beside {length}",
                whole.peak
            );
            let frames: Chunks = body.chunks(8 * 1024).map(Bytes::copy_from_slice).collect();
            let cut = cost(&layer, frames);
            let most = length + CONSTANT + FRAMES;
            assert!(
                cut.peak <= most,
                "{kind}, {name}, in frames: {} bytes of {length}",
                cut.peak
            );
            let held = u64::try_from(cut.held.max(0)).unwrap();
            assert!(
                held <= length + CONSTANT,
                "{kind}, {name}, in frames: {held} bytes of {length} are held"
            );
        }
    }
}

/// Beyond the limit a body in memory is read too, a step at a time, and none of it is held.
#[test]
fn a_call_keeps_nothing_of_a_request_over_the_limit() {
    const LIMIT: usize = 1000;
    let recorder = Recorder::new();
    let layer = layer(&recorder)
        .with_capture(Capture::SpanAndEvent)
        .with_openinference(true)
        .with_prompt_size(PromptSizeMode::TaskWeaver)
        .with_request_limit(LIMIT);
    let behind = format!(r#"{{"messages":[{}0],"model":"gpt-4o"}}"#, fill(r#"{"":0},"#));
    cost(&layer, Full::new(Bytes::from(behind.clone())));
    for (name, body) in shapes().into_iter().chain([("a model behind it", behind)]) {
        let body = Bytes::from(body);
        let frames: Chunks = body.chunks(body.len()).map(Bytes::copy_from_slice).collect();
        for (kind, cost) in [
            ("whole", cost(&layer, Full::new(body.clone()))),
            ("in a frame", cost(&layer, frames)),
        ] {
            let length = body.len();
            let steps = length / (64 * 1024);
            assert!(
                cost.peak <= CONSTANT,
                "{name}, {kind}: {} bytes beside {length}",
                cost.peak
            );
            assert!(
                cost.polls >= steps,
                "{name}, {kind}: {} polls for {length} bytes",
                cost.polls
            );
        }
    }
    let tree = recorder.tree(MASKED);
    let mut calls = tree.lines().filter(|line| line.starts_with("Client"));
    assert!(
        calls.all(|call| call.starts_with("Client chat ")),
        "each has a model: {tree}"
    );
}

/// A frame takes a hundred bytes, whatever its data: a body that comes byte by byte is not held.
#[test]
fn a_request_in_small_frames_is_read_as_far_as_they_have_room() {
    let recorder = Recorder::new();
    let layer = layer(&recorder);
    let body = format!(r#"{{"model":"gpt-4o","messages":[{}0]}}"#, "0,".repeat(100_000));
    let frames: Chunks = body.as_bytes().chunks(1).map(Bytes::copy_from_slice).collect();
    let measured = cost(&layer, frames);
    let most = 2 * body.len() as u64 + CONSTANT + FRAMES;
    assert!(measured.peak <= most, "{} bytes", measured.peak);
    let tree = recorder.tree(MASKED);
    for expected in [
        "gen_ai.request.model=\"gpt-4o\"",
        "throughline.request.unseen=\"fragmented\"",
    ] {
        assert!(tree.contains(expected), "{expected}: {tree}");
    }
}

/// Reading 4 MB of punctuation used to take seconds in one poll.
#[test]
fn a_long_request_is_read_a_step_at_a_time() {
    let recorder = Recorder::new();
    let layer = layer(&recorder);
    for (name, body) in shapes() {
        let body = Bytes::from(body);
        let steps = body.len() / (64 * 1024);
        let frames: Chunks = body.chunks(100_000).map(Bytes::copy_from_slice).collect();
        for (kind, polls) in [
            ("whole", cost(&layer, Full::new(body.clone())).polls),
            ("in frames", cost(&layer, frames).polls),
        ] {
            assert!(
                polls >= steps,
                "{name}, {kind}: {polls} polls for {} bytes",
                body.len()
            );
        }
    }
    let small = Full::new(Bytes::from(r#"{"model":"gpt-4o","messages":[]}"#));
    assert_eq!(cost(&layer, small).polls, 1, "a small one is read at once");
}
