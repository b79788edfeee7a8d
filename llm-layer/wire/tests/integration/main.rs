//! Golden exchanges, decoded: the typed request and answer of each, whole and cut at every byte.
//!
//! A case is `<name>.request.http` (request line, headers, blank line, body), `<name>.response.http` (status, headers,
//! blank line, body) and `<name>.decoded.txt`. With `UPDATE_GOLDEN=1` in the environment the last is written: review it
//! before you commit it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests are tests"
)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use serde_json::Value;
use throughline_llm_wire::{ModelRequest, RequestReader, Target, TextPiece, UsagePart};

mod fuzz;
mod fuzz_smoke;

struct Case {
    name: String,
    request: Message,
    response: Message,
}

struct Message {
    first_line: String,
    headers: HeaderMap,
    body: Bytes,
}

#[test]
fn golden() {
    let cases = golden_cases();
    assert!(cases.len() > 200, "only {} cases", cases.len());
    for case in cases {
        let whole = case.decode(0, 0);
        let file = format!("{}.decoded.txt", case.name);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&file, &whole).unwrap();
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(whole, expected, "{}: whole", case.name);
        for cut in 1..case.request.body.len() {
            assert_eq!(case.decode(cut, 0), whole, "{}: request cut at {cut}", case.name);
        }
        for cut in 1..case.response.body.len() {
            assert_eq!(case.decode(0, cut), whole, "{}: response cut at {cut}", case.name);
        }
    }
}

fn golden_cases() -> Vec<Case> {
    cases(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden")))
}

fn cases(folder: &Path) -> Vec<Case> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = entries.collect();
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        if path.is_dir() {
            cases.extend(self::cases(&path));
        } else if let Some(name) = path.to_str().unwrap().strip_suffix(".request.http") {
            cases.push(Case {
                name: name.to_owned(),
                request: Message::read(&path),
                response: Message::read(Path::new(&format!("{name}.response.http"))),
            });
        }
    }
    cases
}

impl Message {
    fn read(file: &Path) -> Self {
        let bytes = Bytes::from(fs::read(file).unwrap());
        let end = bytes
            .windows(2)
            .position(|two| two == b"\n\n")
            .expect("a blank line");
        let mut head = std::str::from_utf8(&bytes[..end]).unwrap().lines();
        let first_line = head.next().unwrap().to_owned();
        let header = |line: &str| -> (HeaderName, HeaderValue) {
            let (name, value) = line.split_once(": ").unwrap();
            (name.parse().unwrap(), value.parse().unwrap())
        };
        Self {
            headers: head.map(header).collect(),
            first_line,
            body: bytes.slice(end + 2..),
        }
    }

    /// The body in two parts.
    fn chunks(&self, cut: usize) -> [&[u8]; 2] {
        let (head, tail) = self.body.split_at(cut);
        [head, tail]
    }
}

impl Case {
    fn decode(&self, request_cut: usize, response_cut: usize) -> String {
        match self.read_request(request_cut) {
            Some(request) => self.describe(&request, response_cut),
            None => "not a model call\n".to_owned(),
        }
    }

    fn read_request(&self, cut: usize) -> Option<ModelRequest> {
        let Message {
            first_line,
            headers,
            body,
        } = &self.request;
        let (method, uri) = first_line.split_once(' ').unwrap();
        let (method, uri): (Method, Uri) = (method.parse().unwrap(), uri.parse().unwrap());
        let mut reader = RequestReader::new(&Target::new(&method, &uri, None), headers, &[])?;
        for chunk in self.request.chunks(cut) {
            let mut budget = usize::MAX;
            reader.read(chunk, &mut budget);
        }
        reader.finish(|| Some(body.clone()))
    }

    /// Everything that was read of the exchange, as text.
    fn describe(&self, request: &ModelRequest, cut: usize) -> String {
        let mut response = request.response_reader();
        response.read_head(&self.response.headers);
        let mut text: BTreeMap<String, String> = BTreeMap::new();
        let mut on_text = |piece: TextPiece<'_>| {
            let place = format!("{} {:?}", piece.choice, piece.channel);
            text.entry(place).or_default().push_str(piece.text);
        };
        for chunk in self.response.chunks(cut) {
            response.feed(chunk, &mut on_text);
        }
        let is_intact = response.finish(&mut on_text);
        let captured = self.capture(request, cut);
        let (info, reply) = (&request.info, response.reply());
        let finish_reasons: Vec<_> = reply.finish_reasons(info.choices).collect();
        let usage = reply.usage();

        let mut out = String::new();
        let operation = request.recognised.format.operation();
        let provider = &request.recognised.provider;
        writeln!(out, "request: {operation:?} {:?} at {provider}", info.model).unwrap();
        writeln!(out, "  stream: {:?}, choices: {}", info.stream, info.choices).unwrap();
        for (parameter, value) in info.parameters() {
            writeln!(out, "  {parameter:?}: {value:?}").unwrap();
        }
        writeln!(out, "  certain: {}", request.is_certain).unwrap();
        writeln!(out, "  unseen: {:?}", request.unseen).unwrap();
        writeln!(out, "response: {:?} {:?}", reply.id(), reply.model()).unwrap();
        writeln!(
            out,
            "  stream: {}, documents: {}",
            response.is_stream(),
            reply.documents()
        )
        .unwrap();
        for (detail, value) in reply.details() {
            writeln!(out, "  {detail:?}: {value:?}").unwrap();
        }
        for (place, text) in &text {
            writeln!(out, "  text {place}: {text:?}").unwrap();
        }
        writeln!(out, "  finish reasons: {finish_reasons:?}").unwrap();
        writeln!(out, "  input: {:?}, output: {:?}", usage.input(), usage.output()).unwrap();
        for part in PARTS {
            if let Some(count) = usage.part(part) {
                writeln!(out, "    {part:?}: {count}").unwrap();
            }
        }
        writeln!(out, "  error: {:?}", reply.error()).unwrap();
        writeln!(
            out,
            "  complete: {}, well-formed: {is_intact}",
            reply.is_complete()
        )
        .unwrap();
        writeln!(out, "  unseen: {:?}", response.unseen()).unwrap();
        out.push_str(&captured);
        out
    }

    /// The content of the exchange, in the schema of the conventions: a message or a part a line.
    fn capture(&self, request: &ModelRequest, cut: usize) -> String {
        let mut response = request.response_reader().with_capture(64 * 1024);
        response.read_head(&self.response.headers);
        for chunk in self.response.chunks(cut) {
            response.feed(chunk, |_| ());
        }
        response.finish(|_| ());
        let answer = response.take_answer().expect("it is captured");
        let finish_reasons = response.reply().finish_reasons(request.info.choices);
        let output = answer.into_messages(finish_reasons);
        let body = request.copy.as_ref().map(|copy| copy.document(64 * 1024));
        let content = body.map(|body| request.recognised.format.content(&body));
        let content = content.unwrap_or_default();
        let mut out = "content:\n".to_owned();
        for (name, values) in [
            ("instructions", &content.system_instructions),
            ("input", &content.input),
            ("tools", &content.tools),
            ("output", &output),
        ] {
            for value in values {
                writeln!(out, "  {name}: {value}").unwrap();
            }
        }
        self.check_expected_content(&content.input, &output);
        out
    }

    /// What `<name>.content.json` names must be in the content; there may be more.
    fn check_expected_content(&self, input: &[Value], output: &[Value]) {
        let Ok(expected) = fs::read_to_string(format!("{}.content.json", self.name)) else {
            return;
        };
        let expected: Value = serde_json::from_str(&expected).unwrap();
        for (name, seen) in [
            ("gen_ai.input.messages", input),
            ("gen_ai.output.messages", output),
        ] {
            if let Some(expected) = expected.get(name) {
                let seen = Value::from(seen.to_vec());
                assert!(includes(&seen, expected), "{}: {name}: {seen:#}", self.name);
            }
        }
    }
}

fn includes(seen: &Value, expected: &Value) -> bool {
    match (seen, expected) {
        (Value::Object(seen), Value::Object(expected)) => expected
            .iter()
            .all(|(key, value)| seen.get(key).is_some_and(|seen| includes(seen, value))),
        (Value::Array(seen), Value::Array(expected)) => {
            let mut pairs = seen.iter().zip(expected);
            seen.len() == expected.len() && pairs.all(|(seen, expected)| includes(seen, expected))
        }
        _ => seen == expected,
    }
}

const PARTS: [UsagePart; 20] = [
    UsagePart::Input,
    UsagePart::UncachedInput,
    UsagePart::ToolInput,
    UsagePart::Output,
    UsagePart::Thoughts,
    UsagePart::Total,
    UsagePart::BilledInput,
    UsagePart::BilledOutput,
    UsagePart::CacheRead,
    UsagePart::CacheWrite,
    UsagePart::Reasoning,
    UsagePart::TextInput,
    UsagePart::TextOutput,
    UsagePart::AudioInput,
    UsagePart::AudioOutput,
    UsagePart::ImageInput,
    UsagePart::ImageOutput,
    UsagePart::TextCacheRead,
    UsagePart::AudioCacheRead,
    UsagePart::ImageCacheRead,
];
