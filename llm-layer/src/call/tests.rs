//! The times of a call, by a clock that only the tests move.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::Full;
use throughline_test_support::Recorder;
use tower::{Layer, Service, service_fn};

use super::{RequestBody, wait_idle};
use crate::clock::Clock;
use crate::layer::LlmLayer;

thread_local! {
    static PASSED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

fn now() -> Instant {
    *EPOCH + PASSED.get()
}

fn pass(milliseconds: u64) {
    PASSED.set(PASSED.get() + Duration::from_millis(milliseconds));
}

/// What a model does when it is polled: takes so many milliseconds, then gives a frame, or nothing yet.
type Step = (u64, Option<&'static str>);

struct Model(VecDeque<Step>);

impl Body for Model {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some((milliseconds, frame)) = self.0.pop_front() else {
            return Poll::Ready(None);
        };
        pass(milliseconds);
        match frame {
            Some(frame) => Poll::Ready(Some(Ok(Frame::data(frame.into())))),
            None => Poll::Pending,
        }
    }
}

/// Streams `model` to a caller who does something else for `reader` milliseconds before each poll, `polls`
/// times; then drops the body. The span's own times in seconds, and those of the chunks.
fn stream(url: &str, model: &[Step], reader: u64, polls: usize) -> (String, String) {
    let recorder = Recorder::new();
    let layer = LlmLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
        .with_clock(Clock(now));
    let body = RefCell::new(Some(Model(model.iter().copied().collect())));
    let mut service = layer.layer(service_fn(|_: Request<RequestBody<Full<&[u8]>>>| {
        pass(125);
        let response = Response::builder().header("content-type", "text/event-stream");
        let response = response.body(body.take().unwrap()).unwrap();
        async move { Ok::<_, Infallible>(response) }
    }));
    let began = now();
    let request = Request::post(url);
    let request = request.body(Full::new(QUESTION)).unwrap();
    let mut task = Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(response)) = pin!(service.call(request)).poll(&mut task) else {
        panic!("the service answers at once")
    };
    let mut body = Box::pin(response.into_body());
    for _ in 0..polls {
        pass(reader);
        let _ = body.as_mut().poll_frame(&mut task);
    }
    drop(body);
    assert!(wait_idle(Duration::from_secs(60)), "recorded in time");
    let own = recorder
        .tree(&[])
        .lines()
        .filter_map(|line| line.split_once("time_")?.1.split_once('='))
        .map(|(name, value)| format!("{name} {value}"))
        .collect::<Vec<_>>()
        .join(", ");
    let [span] = &recorder.spans()[..] else {
        panic!("one span")
    };
    let lasted = span.end_time.duration_since(span.start_time);
    assert_eq!(lasted.unwrap(), now() - began, "the span ends with the call");
    let of_chunks = |line: &String| line.contains("time_per_output_chunk");
    let chunks = [recorder.metrics(), recorder.sums()].concat();
    let values = chunks.iter().filter(|line| of_chunks(line));
    let values = values.filter_map(|line| line.rsplit(' ').next());
    (own, values.collect::<Vec<_>>().join(" "))
}

#[test]
fn a_slow_reader_is_told_from_a_slow_model() {
    let fast = [(0, Some(A)), (0, Some(A)), (0, Some(A)), (0, Some(END))];
    let slow = [
        (125, None),
        (250, Some(A)),
        (125, None),
        (0, None),
        (125, Some(A)),
        (250, Some(A)),
        (250, Some(END)),
    ];
    let keep_alives = [
        (125, Some(": keep-alive\n\n")),
        (125, Some("data: {\"type\":\"ping\"}\n\n")),
        (250, Some(A)),
        (250, Some(END)),
    ];
    let cases = [
        (
            "fast both",
            &fast[..],
            (0, 5),
            "to_first_chunk 0.125, to_first_token 0.125, waiting_for_reader 0",
            "count=3 sum=0",
        ),
        (
            "a slow reader",
            &fast,
            (1_000, 5),
            "to_first_chunk 1.125, to_first_token 1.125, waiting_for_reader 5",
            "count=3 sum=0",
        ),
        (
            "a slow model",
            &slow,
            (0, 8),
            "to_first_chunk 0.5, to_first_token 0.5, waiting_for_reader 0",
            "count=3 sum=0.75",
        ),
        (
            "slow both: what is polled while it is pending is no reader",
            &slow,
            (1_000, 8),
            "to_first_chunk 2.5, to_first_token 2.5, waiting_for_reader 5",
            "count=3 sum=2.75",
        ),
        (
            "a comment and a ping before the first chunk, which they used to be",
            &keep_alives,
            (0, 5),
            "to_first_chunk 0.625, to_first_token 0.625, waiting_for_reader 0",
            "count=1 sum=0.25",
        ),
        (
            "a reader who leaves",
            &fast,
            (1_000, 2),
            "to_first_chunk 1.125, to_first_token 1.125, waiting_for_reader 2",
            "count=1 sum=0",
        ),
    ];
    for (name, model, (reader, polls), own, chunks) in cases {
        assert_eq!(
            stream(CHAT, model, reader, polls),
            (own.to_owned(), chunks.to_owned()),
            "{name}"
        );
    }
}

#[test]
fn the_first_token_is_of_any_channel_and_no_ceremony() {
    let anthropic = "https://api.anthropic.com/v1/messages";
    let responses = "https://api.openai.com/v1/responses";
    let cases: [(&str, &str, [&'static str; 3], &str); 9] = [
        ("content", CHAT, [ROLE, ": ping\n\n", A], "0.5"),
        ("an empty text is none", CHAT, [ROLE, EMPTY, A], "0.5"),
        (
            "reasoning",
            CHAT,
            [
                ROLE,
                "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n",
                A,
            ],
            "0.375",
        ),
        (
            "a tool's arguments",
            CHAT,
            [
                ROLE,
                ROLE,
                "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]}}]}\n\n",
            ],
            "0.5",
        ),
        ("with the first frame", CHAT, [A, A, A], "0.25"),
        (
            "after message_start and ping",
            anthropic,
            [
                "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"content\":[]}}\n\n",
                "data: {\"type\":\"ping\"}\n\n",
                "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}}\n\n",
            ],
            "0.5",
        ),
        (
            "after response.created",
            responses,
            [
                "data: {\"type\":\"response.created\",\"response\":{\"id\":\"r\"}}\n\n",
                "data: {\"type\":\"response.in_progress\",\"response\":{\"id\":\"r\"}}\n\n",
                "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\n",
            ],
            "0.5",
        ),
        ("cut within the event", CHAT, [ROLE, HALF[0], HALF[1]], "0.5"),
        ("none", CHAT, [ROLE, EMPTY, END], ""),
    ];
    for (name, url, frames, expected) in cases {
        let model: Vec<Step> = frames.iter().map(|frame| (125, Some(*frame))).collect();
        let (own, _) = stream(url, &model, 0, 4);
        let expected = match expected {
            "" => "to_first_chunk 0.25, waiting_for_reader 0".to_owned(),
            token => format!("to_first_chunk 0.25, to_first_token {token}, waiting_for_reader 0"),
        };
        assert_eq!(own, expected, "{name}");
    }
}

const CHAT: &str = "https://api.openai.com/v1/chat/completions";
const QUESTION: &[u8] = br#"{"model":"m","stream":true,"max_tokens":9,"input":"Hello","messages":[{"role":"user","content":"Hello"}]}"#;
const A: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n";
const END: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
const ROLE: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n";
const EMPTY: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"}}]}\n\n";
const HALF: [&str; 2] = [
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":",
    "\"a\"}}]}\n\n",
];
