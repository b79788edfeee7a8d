//! Streams with and without the added event, whole and split at every byte.

use std::collections::VecDeque;

use bytes::Bytes;
use proptest::prelude::*;

use super::cutter::Cutter;

/// Returns the frames that pass.
fn cut(frames: &[&[u8]]) -> Vec<Bytes> {
    let mut cutter = Cutter::default();
    let mut out = VecDeque::new();
    for frame in frames {
        cutter.feed(&Bytes::copy_from_slice(frame), &mut out);
        assert!(
            cutter.held() <= Cutter::MAX_HELD_BYTES,
            "the held bytes are bounded"
        );
    }
    cutter.finish(&mut out);
    assert_eq!(cutter.held(), 0, "nothing is held at the end");
    out.into()
}

const CONTENT: &str =
    r#"{"id":"c","choices":[{"index":0,"delta":{"content":"data: {\"choices\":[]}\n\n"}}],"usage":null}"#;
const USAGE: &str = r#"{"id":"c","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
const AZURE: &str = r#"{"choices":[],"prompt_filter_results":[{"prompt_index":0}]}"#;

/// Streams in which `<` and `>` enclose the event that must be removed.
fn cases() -> Vec<(&'static str, String)> {
    vec![
        (
            "as OpenAI sends it",
            format!("data: {CONTENT}\n\ndata: {CONTENT}\n\n<data: {USAGE}\n\n>data: [DONE]\n\n"),
        ),
        (
            "as Azure does",
            format!("data: {AZURE}\n\ndata: {CONTENT}\n\n<data: {USAGE}\n\n>data: [DONE]\n\n"),
        ),
        (
            "CRLF",
            format!("data: {CONTENT}\r\n\r\n<data: {USAGE}\r\n\r\n>data: [DONE]\r\n\r\n"),
        ),
        (
            "CR",
            format!("data: {CONTENT}\r\r<data: {USAGE}\r\r>data: [DONE]\r\r"),
        ),
        (
            "no space",
            format!("data:{CONTENT}\n\n<data:{USAGE}\n\n>data:[DONE]\n\n"),
        ),
        (
            "no blank line at the end",
            format!("data: {CONTENT}\n\n<data: {USAGE}>"),
        ),
        (
            "no blank line, but an end",
            format!("data: {CONTENT}\n\n<data: {USAGE}\n>"),
        ),
        (
            "comments",
            format!(": ping\n\ndata: {CONTENT}\n\n: ping\n\n<data: {USAGE}\n\n>: ping\n\ndata: [DONE]\n\n"),
        ),
        (
            "names and ids",
            format!(
                "event: chunk\nid: 1\ndata: {CONTENT}\n\n<event: chunk\nid: 2\ndata: {USAGE}\nretry: 5\n\n>"
            ),
        ),
        (
            "several lines of data",
            "<data: {\"choices\":[],\ndata: \"usage\":\ndata: {}}\n\n>data: [DONE]\n\n".to_owned(),
        ),
        (
            "the usage in front, and white space",
            "<data: { \"usage\" : {\"a\":[{}]} , \"choices\" : [ ] } \n\n>data: [DONE]\n\n".to_owned(),
        ),
        (
            "only the first",
            format!("<data: {USAGE}\n\n>data: {USAGE}\n\ndata: [DONE]\n\n"),
        ),
        (
            "a byte order mark",
            format!("\u{feff}data: {CONTENT}\n\n<data: {USAGE}\n\n>"),
        ),
        (
            "blank lines",
            format!("\n\n\ndata: {CONTENT}\n\n\n\n<data: {USAGE}\n\n>\n\n"),
        ),
        ("no such event", format!("data: {CONTENT}\n\ndata: [DONE]\n\n")),
        (
            "a usage with choices",
            "data: {\"choices\":[{}],\"usage\":{\"prompt_tokens\":1}}\n\n".to_owned(),
        ),
        (
            "nested emptiness",
            "data: {\"choices\":[[]],\"usage\":{}}\n\n".to_owned(),
        ),
        (
            "a usage without choices",
            "data: {\"usage\":{\"prompt_tokens\":1}}\n\n".to_owned(),
        ),
        (
            "a usage that is null",
            "data: {\"choices\":[],\"usage\":null}\n\n".to_owned(),
        ),
        (
            "further in",
            "data: {\"a\":{\"choices\":[],\"usage\":{}}}\n\n".to_owned(),
        ),
        (
            "a document too many",
            "data: {\"choices\":[],\"usage\":{}}{}\n\n".to_owned(),
        ),
        ("broken off", "data: {\"choices\":[],\"usage\":{\n\n".to_owned()),
        (
            "other fields",
            "datax: {\"choices\":[],\"usage\":{}}\n\ndat\n\n".to_owned(),
        ),
        (
            "an error",
            "data: {\"error\":{\"message\":\"no\"}}\n\n".to_owned(),
        ),
        ("no JSON", "data: hello\n\ndata\n\ndata:\n\n".to_owned()),
        ("nothing", String::new()),
    ]
}

#[test]
fn whole_and_cut_at_every_byte() {
    for (name, marked) in cases() {
        let stream = marked.replace(['<', '>'], "");
        let (expected, removed) = match (marked.split_once('<'), marked.split_once('>')) {
            (Some((before, _)), Some((_, after))) => (format!("{before}{after}"), true),
            _ => (marked.clone(), false),
        };
        let bytes = stream.as_bytes();
        let whole = cut(&[bytes]);
        assert_eq!(whole.concat(), expected.as_bytes(), "{name}: whole");
        assert!(
            removed || whole.len() <= 1,
            "{name}: an unchanged frame is not split"
        );
        for at in 0..=bytes.len() {
            let parts = cut(&[&bytes[..at], &bytes[at..]]);
            assert_eq!(parts.concat(), expected.as_bytes(), "{name}: split at {at}");
        }
        let singles: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(
            cut(&singles).concat(),
            expected.as_bytes(),
            "{name}: byte by byte"
        );
    }
}

#[test]
fn content_is_not_delayed() {
    let event = format!("data: {CONTENT}\n\n");
    let begins = event.find("\"delta\"").unwrap();
    let mut cutter = Cutter::default();
    let mut out = VecDeque::new();
    cutter.feed(&Bytes::copy_from_slice(&event.as_bytes()[..begins]), &mut out);
    assert_eq!(out.len(), 1, "its first choice has begun");
    assert_eq!(cutter.held(), 0, "nothing is held back");
    let mut cutter = Cutter::default();
    let comment = Bytes::from_static(b": keep-al");
    cutter.feed(&comment, &mut out);
    assert_eq!(out.back(), Some(&comment), "a comment passes at once");
}

#[test]
fn an_unchanged_frame_shares_its_memory() {
    let frame = Bytes::from(format!("data: {CONTENT}\n\ndata: {CONTENT}\n\n"));
    let mut out = VecDeque::new();
    Cutter::default().feed(&frame, &mut out);
    let passed = out.pop_front().expect("a frame");
    assert_eq!(passed.as_ptr(), frame.as_ptr(), "the same memory");
    assert_eq!(passed.len(), frame.len(), "all of it");
}

#[test]
fn an_event_beyond_the_limit_passes() {
    let long = "x".repeat(1000);
    let field = format!("x: {long}\n");
    for event in [
        format!(
            "data: {{\"choices\":[],\"a\":\"{}\",\"usage\":{{}}}}\n\n",
            long.repeat(40)
        ),
        format!("data: {{\"choices\":[],\"usage\":{{}}}}\n{}\n", field.repeat(40)),
    ] {
        let frames: Vec<&[u8]> = event.as_bytes().chunks(500).collect();
        assert_eq!(cut(&frames).concat(), event.as_bytes(), "it passes");
    }
}

proptest! {
    #[test]
    fn any_stream_cut_anywhere(
        words in proptest::collection::vec(proptest::sample::select(&[
            "data: ", "data:", "data", USAGE, USAGE, CONTENT, AZURE, "\n", "\n\n", "\r\n", "\r", ": c", "event: x", "{", "[DONE]",
        ][..]), 0..24),
        cuts in proptest::collection::vec(0_usize..4000, 0..8),
    ) {
        let stream = words.concat();
        let mut cuts: Vec<usize> = cuts.into_iter().filter(|at| *at < stream.len()).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let frames: Vec<&[u8]> = cuts.windows(2).map(|ends| &stream.as_bytes()[ends[0]..ends[1]]).collect();
        let whole = cut(&[stream.as_bytes()]).concat();
        prop_assert_eq!(&cut(&frames).concat(), &whole, "the split into frames has no effect");
        let same = |(byte, original): &(u8, u8)| byte == original;
        let before = whole.iter().copied().zip(stream.bytes()).take_while(same).count();
        let behind = whole.iter().rev().copied().zip(stream.bytes().rev()).take_while(same).count();
        prop_assert!(before + behind >= whole.len(), "at most one range is removed");
        let missing = stream.len() - whole.len();
        prop_assert!(missing == 0 || missing >= USAGE.len(), "the removed range is the event");
    }
}

/// Returns the work for an event of `bytes` bytes in frames of one byte each: steps, plus the bytes and
/// frames that they looked at.
fn work(beginning: &str, bytes: usize) -> u64 {
    let mut cutter = Cutter::default();
    let mut out = VecDeque::new();
    let filling = std::iter::repeat_n(b"x".as_slice(), bytes);
    let all = beginning
        .as_bytes()
        .chunks(1)
        .chain(filling)
        .chain([b"\n".as_slice(), b"\n"]);
    for frame in all {
        cutter.feed(&Bytes::copy_from_slice(frame), &mut out);
        // As the caller of the body does for each frame.
        std::hint::black_box((cutter.held(), cutter.is_done()));
    }
    cutter.finish(&mut out);
    cutter.work()
}

/// Bug: an event of 16 KB in frames of one byte cost 500 times as much as in one frame, since each frame
/// summed the lengths of all held frames.
#[test]
fn twice_the_bytes_are_twice_the_work() {
    for (name, beginning) in [
        ("an open string", "data: {\"id\":\""),
        ("white space", &format!("data: {}", " ".repeat(4_000))),
        ("a line that is no data", "id: "),
        ("lines of data", &"data: \n".repeat(500)),
    ] {
        let [once, twice] = [7_500, 15_000].map(|bytes| work(beginning, bytes) - work(beginning, 0));
        assert!(once > 0, "{name}: there is work");
        assert!(twice <= 2 * once + 1_000, "{name}: {once}, then {twice}");
    }
}
