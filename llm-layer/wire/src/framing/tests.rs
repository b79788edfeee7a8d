//! A stream gives the same result however it is cut. Byte by byte, every event is read in full.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::{fs, io};

use http::{HeaderMap, HeaderValue};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{Framing, Repeat};
use crate::format::WireFormat;
use crate::formats::Format;
use crate::json::{Path, Scalar};
use crate::operation::Operation;
use crate::prompt_part::PromptPart;
use crate::reading::{Reading, TextPiece};
use crate::recognised::AnyFormat;
use crate::reply::{Channel, Reply, ReplyDetail};
use crate::request::RequestInfo;

/// Returns everything that was read of a stream: the reply, and the text by alternative and channel.
fn read<'a>(
    format: &AnyFormat,
    content_type: &'static str,
    frames: impl Iterator<Item = &'a [u8]>,
) -> String {
    let mut reply = Reply::new(format.alternatives(), format.envelopes());
    let head = HeaderMap::from_iter([(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type))]);
    let mut framing = Framing::from_headers(&head);
    let mut text_by_place: BTreeMap<String, String> = BTreeMap::new();
    let mut reading = Reading {
        format,
        reply: &mut reply,
        answer: None,
        on_text: |piece: TextPiece<'_>| {
            let text = text_by_place.entry(format!("{} {:?}", piece.choice, piece.channel));
            text.or_default().push_str(piece.text);
        },
    };
    frames.for_each(|frame| framing.feed(frame, &mut reading));
    let end = framing.finish(&mut reading);
    reading.is_unchanged();
    // Where the last text went matters only while its event is read, and one without text goes nowhere.
    reply.cursor.text.place = None;
    format!("{end:?} {reply:#?} {text_by_place:#?}")
}

/// A format whose reading of a value depends on the values before it.
pub(crate) struct Fickle;

impl WireFormat for Fickle {
    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn matches(&self, _: &RequestInfo) -> bool {
        true
    }

    fn prompt(&self, _: &Path) -> Option<PromptPart> {
        None
    }

    fn channel(&self, at: &Path, reply: &Reply) -> Option<Channel> {
        let is_text = at.as_str().ends_with("t") || at.as_str().ends_with("delta");
        (is_text && reply.stashed() != "chat.completion.chunk").then_some(match reply.event() {
            "" => Channel::Content,
            _ => Channel::Reasoning,
        })
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        match (at.as_str(), value) {
            ("model" | "type", Scalar::Text(text)) if reply.stashed().len() < 20 => {
                reply.stash(&format!("{}{text}", reply.stashed()));
            }
            ("model" | "type", _) => reply.stash(""),
            (_, Scalar::Text(text)) => reply.set_detail(ReplyDetail::Other("last"), text),
            _ => {}
        }
    }

    fn ignores(&self, at: &Path) -> bool {
        at.as_str() == "delta.type"
    }
}

/// Counts the calls of `channel` for text.
struct Spy(Format, Arc<AtomicUsize>);

impl WireFormat for Spy {
    fn operation(&self) -> Operation {
        self.0.operation()
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        self.0.matches(request)
    }

    fn prompt(&self, at: &Path) -> Option<PromptPart> {
        self.0.prompt(at)
    }

    fn alternatives(&self) -> &'static str {
        self.0.alternatives()
    }

    fn channel(&self, at: &Path, reply: &Reply) -> Option<Channel> {
        let channel = self.0.channel(at, reply);
        self.1
            .fetch_add(usize::from(channel.is_some()), Ordering::Relaxed);
        channel
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        self.0.value(at, value, reply);
    }

    fn ignores(&self, at: &Path) -> bool {
        self.0.ignores(at)
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        self.0.event(name, reply);
    }
}

const SSE: &str = "text/event-stream";
const NDJSON: &str = "application/x-ndjson";

#[test]
fn events_that_repeat_are_not_parsed() {
    let chat = r#"data: {"id":"c-1","created":#,"model":"m","choices":[{"index":0,"delta":{"content":"~"},"finish_reason":null}],"obfuscation":"~","p":"~"}"#;
    let anthropic = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"~\"}^}\n\n";
    let responses =
        r#"data: {"type":"response.output_text.delta","sequence_number":#,"delta":"~","obfuscation":"~"}"#;
    let ollama = r#"{"model":"m","created_at":"2026-01-01T00:00:~Z","message":{"role":"assistant","content":"~"},"done":false}"#;
    let cases = [
        (Format::OpenAiChat, SSE, format!("{chat}\n\n")),
        (Format::OpenAiChat, SSE, format!("{chat}\r\n\r\n")),
        (Format::OpenAiChat, SSE, format!("{chat}\n\n: keep-alive\n\n")),
        (Format::Anthropic, SSE, anthropic.to_owned()),
        (Format::OpenAiResponses, SSE, format!("{responses}\n\n")),
        (Format::OllamaChat, NDJSON, format!("{ollama}\n")),
    ];
    for (format, content_type, event) in cases {
        let events = (0..200).map(|number: usize| {
            let event = event.replace('~', ["a", " b", "", r"\n"][number % 4]);
            event
                .replace('#', &number.to_string())
                .replace('^', &" ".repeat(number % 5))
        });
        let stream = events.collect::<String>().into_bytes();
        let calls = Arc::new(AtomicUsize::new(0));
        let wire = AnyFormat::from_user(Arc::new(Spy(format, calls.clone())));
        let in_full = read(&wire, content_type, stream.chunks(1));
        // One call where a text begins, and one for each of its characters.
        assert_eq!(
            calls.swap(0, Ordering::Relaxed),
            400,
            "{format:?}: byte by byte, {event}"
        );
        for size in [1 << 16, 4096] {
            assert_eq!(
                read(&wire, content_type, stream.chunks(size)),
                in_full,
                "{format:?}: {event}"
            );
            let (calls, limit) = (calls.swap(0, Ordering::Relaxed), 9 + 2 * stream.len() / size);
            assert!(calls <= limit, "{format:?}: called for {calls} texts, {event}");
        }
    }
}

/// The format of a golden stream, its content type, and its events.
type Golden = (Format, &'static str, Vec<Vec<u8>>);

static GOLDEN: LazyLock<Vec<Golden>> = LazyLock::new(|| golden().expect("golden streams"));

fn golden() -> io::Result<Vec<Golden>> {
    let mut streams = Vec::new();
    for folder in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"))? {
        let folder = folder?;
        if !folder.file_type()?.is_dir() {
            continue;
        }
        let format = match folder.file_name().to_str() {
            Some("anthropic") => Format::Anthropic,
            Some("cohere") => Format::Cohere,
            Some("gemini") => Format::Gemini,
            Some("mistral") => Format::MistralConversations,
            Some("ollama") => Format::OllamaChat,
            Some("openai_responses") => Format::OpenAiResponses,
            _ => Format::OpenAiChat,
        };
        for file in fs::read_dir(folder.path())? {
            let file = file?.path();
            if file.extension() != Some("http".as_ref()) {
                continue;
            }
            let response = fs::read(file)?;
            let response = String::from_utf8_lossy(&response);
            let (head, body) = response.split_once("\n\n").expect("a blank line");
            let (content_type, end) = match head {
                head if head.contains(SSE) => (SSE, "\n\n"),
                head if head.contains(NDJSON) => (NDJSON, "\n"),
                _ => continue,
            };
            let events = body.split_inclusive(end).map(|event| event.as_bytes().to_vec());
            streams.push((format, content_type, events.collect()));
        }
    }
    Ok(streams)
}

/// The beginning of an event in the line of a broken one is found wherever the bytes are cut, and with spaces.
#[test]
fn events_in_one_line_are_read_however_they_are_cut() {
    let cases = [
        r#"data: {"id":"a","object":"chat.cdata: {"id":"b","choices":[]}"#,
        r#"data: {"id":"a","object":"chat.cdata: { "id":"b","choices":[]}"#,
        r#"data: {"id":"a","object":"chat.cdata:{ "id": "b","choices":[]}"#,
        r#"data: {"id":data: {"id":"a","n":12data: { "id" : "b","choices":[]}"#,
    ];
    let format = AnyFormat::from(Format::OpenAiChat);
    for case in cases {
        let in_full = read(&format, SSE, case.as_bytes().chunks(1));
        assert!(in_full.contains("documents: 1,"), "{case}: {in_full}");
        for size in 2..=case.len() {
            let seen = read(&format, SSE, case.as_bytes().chunks(size));
            assert_eq!(seen, in_full, "{case} in pieces of {size}");
        }
    }
}

/// Events that keep the connection open are not counted, even if they have text and repeat.
#[test]
fn repeated_pings_are_not_counted() {
    let event = "event: ping\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n";
    let stream = event.repeat(6);
    let format = AnyFormat::from(Format::OpenAiChat);
    for size in [1, stream.len()] {
        let seen = read(&format, SSE, stream.as_bytes().chunks(size));
        assert!(seen.contains("documents: 0,"), "{size} bytes a frame: {seen}");
        assert!(seen.contains("HiHiHiHiHiHi"), "{size} bytes a frame: {seen}");
    }
}

/// Of an event that begins with a broken one, no text is passed on unread: it may be the beginning of an event.
#[test]
fn events_in_one_line_are_no_pattern() {
    let event = |text: &str| format!("data: {{\"object\":\"{text}: {{\"id\":\"c\",\"choices\":[]}}\n\n");
    let stream = event("chat.cdata").repeat(4) + &event("chat.cd\u{1}ata").repeat(4);
    let format = AnyFormat::from_user(Arc::new(Fickle));
    for size in [1, stream.len()] {
        let seen = read(&format, SSE, stream.as_bytes().chunks(size));
        assert!(seen.contains("documents: 4,"), "{size} bytes a frame: {seen}");
    }
}

/// Some events, each several times, and in some of them something behind a quotation mark or anywhere.
fn script() -> impl Strategy<Value = Vec<(Index, usize, Option<Edit>)>> {
    let edit = (any::<Index>(), any::<bool>(), select(INSERTED)).prop_map(|(at, quoted, bytes)| Edit {
        at,
        quoted,
        bytes,
    });
    vec((any::<Index>(), 1..9_usize, proptest::option::of(edit)), 1..10)
}

#[derive(Debug, Clone)]
struct Edit {
    at: Index,
    quoted: bool,
    bytes: &'static [u8],
}

const INSERTED: &[&[u8]] = &[
    b"a",
    b" b",
    b"\\n",
    b"\\",
    b"\"",
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"\xff",
    b"\xc3",
    "ü漢".as_bytes(),
    b" ",
    b"}",
    b"{",
    b"]",
    b"[",
    b",",
    b":",
    b"7",
    b"-",
    b"\",\"model\":\"other",
    b"\",\"type\":\"error",
    b"data: ",
    b"cdata: { ",
    b"data: {\"\": 1",
    b"data: {}",
    b"event: ping\n",
    b": }\n",
    b"\n\n",
    b"\\u00e9",
    b"\\u0",
    b"\\ud83d\\ude00",
    b"\\\"",
    b"\\ud83d",
    b"1e5",
    b"{\"response\":\"x\"}",
    &[b'x'; 1200],
];

impl Edit {
    fn apply(&self, event: &mut Vec<u8>) {
        let places = (0..event.len()).filter(|at| !self.quoted || event[*at] == b'"');
        let places: Vec<usize> = places.map(|at| at + 1).collect();
        if let Some(at) = (!places.is_empty()).then(|| *self.at.get(&places)) {
            event.splice(at..at, self.bytes.iter().copied());
        }
    }
}

/// What a gateway may wrap an answer in.
#[derive(Debug, Clone, Copy)]
enum Wrapper {
    None,
    Object,
    Array,
    String,
}

impl Wrapper {
    /// Wraps the document of an event.
    fn apply(self, event: &[u8]) -> Vec<u8> {
        let begin = event.iter().position(|byte| *byte == b'{');
        let end = event.iter().rposition(|byte| *byte == b'}');
        let (Some(begin), Some(end)) = (begin, end) else {
            return event.to_vec();
        };
        let document = String::from_utf8_lossy(&event[begin..=end]);
        let document = match self {
            Self::None => return event.to_vec(),
            Self::Object => format!(r#"{{"id":"outer","data":{document},"code":0}}"#),
            Self::Array => format!(r#"{{"output":[{document},{{}}]}}"#),
            Self::String => format!(r#"{{"body":{}}}"#, serde_json::json!(document)),
        };
        [&event[..begin], document.as_bytes(), &event[end + 1..]].concat()
    }
}

/// The answer is read within its envelope, and texts that repeat are those of the answer.
#[test]
fn answers_in_envelopes() {
    let event = r#"data: {"id":"a","choices":[{"index":0,"delta":{"content":"Hi"}}]}"#;
    let format = AnyFormat::from(Format::OpenAiChat);
    let expected = read(
        &format,
        SSE,
        [event.as_bytes(), b"\n\n"].concat().repeat(8).chunks(1),
    );
    assert!(expected.contains("HiHiHiHiHiHiHiHi"), "{expected}");
    for wrapper in [Wrapper::Object, Wrapper::Array, Wrapper::String] {
        let wrapped = [wrapper.apply(event.as_bytes()), b"\n\n".to_vec()]
            .concat()
            .repeat(8);
        for size in [1, 7, wrapped.len()] {
            let seen = read(&format, SSE, wrapped.chunks(size));
            assert!(
                seen.contains("HiHiHiHiHiHiHiHi"),
                "{wrapper:?} in pieces of {size}: {seen}"
            );
            assert!(seen.contains("\"a\""), "{wrapper:?} in pieces of {size}: {seen}");
        }
    }
}

/// The whole message came first, and then deltas beside it: the text of the repeated event is another string of it.
#[test]
fn the_text_of_a_repeated_event_moves_with_the_state() {
    let both = r#"data: {"choices":[{"index":0,"message":{"content":"A"},"delta":{"content":"b"}}]}"#;
    let stream = format!("{both}\n\n").repeat(6);
    let format = AnyFormat::from(Format::OpenAiChat);
    for size in [1, stream.len()] {
        let seen = read(&format, SSE, stream.as_bytes().chunks(size));
        assert!(seen.contains("\"Abbbbb\""), "in pieces of {size}: {seen}");
    }
}

/// A string of JSON within another one is not read: that would take a scanner for each.
#[test]
fn an_envelope_within_a_string_of_json_is_a_container() {
    let chat = r#"{"id":"a","choices":[{"index":0,"delta":{"content":"Hi"}}]}"#;
    let format = AnyFormat::from(Format::OpenAiChat);
    let once = format!(
        r#"{{"body":{}}}"#,
        serde_json::json!(format!(r#"{{"data":{chat}}}"#))
    );
    let seen = read(&format, NDJSON, once.as_bytes().chunks(1));
    assert!(seen.contains("Hi"), "an object within a string: {seen}");
    let inner = format!(r#"{{"body":{}}}"#, serde_json::json!(chat));
    let twice = format!(r#"{{"body":{}}}"#, serde_json::json!(inner));
    let seen = read(&format, NDJSON, twice.as_bytes().chunks(1));
    assert!(!seen.contains("Hi"), "a string within a string: {seen}");
}

fn stream(events: &[Vec<u8>], wrapper: Wrapper, script: &[(Index, usize, Option<Edit>)]) -> Vec<u8> {
    let mut stream = Vec::new();
    for (event, times, edit) in script {
        let event: &Vec<u8> = event.get(events);
        let mut event = wrapper.apply(event);
        for time in 0..*times {
            // In the middle of a run, and then in what follows it.
            match edit {
                Some(edit) if time == times / 3 => edit.apply(&mut event),
                _ => {}
            }
            stream.extend_from_slice(&event);
        }
    }
    // Keeps each case fast.
    stream.truncate(16 * 1024);
    stream
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn a_cut_changes_nothing(
        golden in any::<Index>(),
        fickle in prop::bool::weighted(0.3),
        wrapper in select(vec![Wrapper::None, Wrapper::None, Wrapper::Object, Wrapper::Array, Wrapper::String]),
        script in script(),
        sizes in vec(1..2000_usize, 1..4),
    ) {
        let (format, content_type, events) = golden.get(&GOLDEN);
        let wire = if fickle { AnyFormat::from_user(Arc::new(Fickle)) } else { AnyFormat::from(*format) };
        let stream = stream(events, wrapper, &script);
        let in_full = read(&wire, content_type, stream.chunks(1));
        for size in sizes.into_iter().chain([stream.len().max(1)]) {
            let seen = read(&wire, content_type, stream.chunks(size));
            let differences = seen.lines().zip(in_full.lines()).filter(|(seen, in_full)| seen != in_full);
            let differences: Vec<_> = differences.take(3).collect();
            prop_assert!(differences.is_empty(), "{differences:?}, {size} bytes a frame: {}", String::from_utf8_lossy(&stream));
        }
    }
}
