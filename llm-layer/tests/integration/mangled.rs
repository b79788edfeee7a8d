//! Exchanges with a few bytes changed, and token soup: whatever passes, passes, and nothing grows or panics.

use std::sync::LazyLock;

use allocation_counter::measure;
use bytes::Bytes;
use http::Response;
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::sample::{Index, select};
use throughline_llm_layer::{Capture, LlmLayer};
use throughline_test_support::Recorder;
use throughline_test_support::golden::GoldenCase;

use crate::golden;
use crate::hostile::{MAX_HELD_BYTES, observed};
use crate::support::{Chunks, exchange, layer, next};

static CASES: LazyLock<Vec<GoldenCase>> = LazyLock::new(golden::all);

/// What is done to a body.
#[derive(Debug, Clone)]
enum Edit {
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
}

impl Edit {
    fn apply(&self, body: &mut Vec<u8>) {
        match self {
            Self::Set(at, byte) if !body.is_empty() => {
                let at = at.index(body.len());
                body[at] = *byte;
            }
            Self::Insert(at, bytes) => {
                let at = at.index(body.len() + 1);
                body.splice(at..at, bytes.iter().copied());
            }
            Self::Remove(at, length) if !body.is_empty() => {
                let at = at.index(body.len());
                body.drain(at..body.len().min(at + length));
            }
            Self::Repeat(at, length) if !body.is_empty() => {
                let at = at.index(body.len());
                let part = body[at..body.len().min(at + length)].to_vec();
                body.splice(at..at, part);
            }
            _ => {}
        }
    }
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let interesting = select(vec![
        b'{', b'}', b'[', b']', b'"', b'\\', b',', b':', b'\n', b'\r', b'-', b'9', 0, 0x80, 0xff,
    ]);
    let byte = prop_oneof![any::<u8>(), interesting];
    let edit = prop_oneof![
        (any::<Index>(), byte.clone()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        (any::<Index>(), vec(byte, 1..20)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        (any::<Index>(), 1..200_usize).prop_map(|(at, length)| Edit::Remove(at, length)),
        (any::<Index>(), 1..400_usize).prop_map(|(at, length)| Edit::Repeat(at, length)),
    ];
    vec(edit, 0..8)
}

fn edited(body: &Bytes, edits: &[Edit]) -> Bytes {
    let mut body = body.to_vec();
    edits.iter().for_each(|edit| edit.apply(&mut body));
    body.into()
}

fn chunks(body: &Bytes, size: usize) -> Chunks {
    (0..body.len())
        .step_by(size)
        .map(|at| body.slice(at..body.len().min(at + size)))
        .collect()
}

/// All that a user can turn on.
fn curious(recorder: &Recorder) -> LlmLayer {
    layer(recorder)
        .with_capture(Capture::SpanAndEvent)
        .with_openinference(true)
        .with_legacy_attributes(true)
}

/// Pieces of JSON, of events and of framing in any order.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let tokens = select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\u",
        "\\ud83d",
        "null",
        "true",
        "-1",
        "1e999",
        "0.0",
        "\"choices\":[",
        "{\"delta\":",
        "\"content\":\"",
        "\"usage\":{",
        "\"prompt_tokens\":",
        "\"type\":\"",
        "\"index\":",
        "data:",
        "data: ",
        "event: error",
        ": ",
        "\n",
        "\n\n",
        "\r\n",
        "\r",
        "[DONE]",
        "\u{feff}",
        "\u{0}",
        "😀",
    ]);
    let token = prop_oneof![
        8 => tokens.prop_map(|token| token.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 1..40),
        1 => (any::<u8>(), 1_000..20_000_usize).prop_map(|(byte, length)| vec![byte; length]),
        1 => (0..200_u32, 0..200_u32).prop_map(|(total, headers)| {
            [total.to_be_bytes(), headers.to_be_bytes(), [0; 4]].concat()
        }),
    ];
    vec(token, 0..200).prop_map(|tokens| tokens.concat())
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    }
}

proptest! {
    #![proptest_config(config(1024))]

    #[test]
    fn mangled_exchanges_pass(
        case in any::<Index>(),
        request in prop_oneof![3 => Just(Vec::new()), 1 => edits()],
        response in edits(),
        size in 1..3_000_usize,
    ) {
        let case = case.get(&CASES);
        let sent = edited(&case.request.body, &request);
        let answer = edited(&case.response.body, &response);
        let (received, answered) = exchange(
            &curious(&Recorder::new()),
            case.request_with(chunks(&sent, size)),
            case.response_with(chunks(&answer, size)),
        );
        assert_eq!(received, sent, "the request");
        assert_eq!(*answered.body(), answer, "the answer");
    }
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn soup_passes_and_fills_nothing(
        case in any::<Index>(),
        content_type in select(vec![
            "application/json",
            "text/event-stream",
            "application/x-ndjson",
            "application/vnd.amazon.eventstream",
        ]),
        soup in soup(),
        size in 1..3_000_usize,
    ) {
        let case = case.get(&CASES);
        let soup = Bytes::from(soup);
        let response = Response::builder().header("content-type", content_type);
        let response = response.body(chunks(&soup, size)).unwrap();
        let recorder = Recorder::new();
        let request = case.request_with(Chunks::from_iter([case.request.body.clone()]));
        let mut body = observed(&layer(&recorder), request, response);
        let mut seen = Vec::with_capacity(soup.len());
        // Without the end: a thread that counts for the first time makes what it counts with, and keeps it.
        let held = measure(|| {
            for _ in 0..soup.len().div_ceil(size) {
                seen.extend_from_slice(&next(&mut body).unwrap().unwrap());
            }
        });
        assert!(next(&mut body).is_none(), "its end");
        assert_eq!(seen, soup, "every byte passes");
        assert!(held.bytes_max <= MAX_HELD_BYTES, "{} bytes held", held.bytes_max);
    }
}
