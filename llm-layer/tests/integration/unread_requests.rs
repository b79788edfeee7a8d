//! Requests that are encoded, or too long to be read to their end, and what is recorded of them.

use std::convert::Infallible;
use std::io::{Read, Write};

use bytes::{Buf, Bytes};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use http::{Request, Response};
use http_body_util::Full;
use throughline_llm_layer::{LlmLayer, RequestBody};
use throughline_test_support::Recorder;
use tower::{Layer, Service, service_fn};

use crate::hostile::MAX_HELD_BYTES;
use crate::support::{CHAT, Chunks, MASKED, block_on, exchange, layer, read, recorded};

const PARAMETERS: &str =
    r#""model":"gpt-4o","stream":true,"temperature":0.5,"max_tokens":7,"stop":["a","b"],"n":2"#;

/// What the span says of [`PARAMETERS`].
const EXPECTED: [&str; 6] = [
    "Client chat gpt-4o",
    "gen_ai.request.stream=true",
    "gen_ai.request.temperature=0.5",
    "gen_ai.request.max_tokens=7",
    "gen_ai.request.stop_sequences=[\"a\",\"b\"]",
    "gen_ai.request.choice.count=2",
];

fn answer() -> Response<Chunks> {
    Response::new(Chunks::from_iter([
        r#"{"choices":[{"index":0,"finish_reason":"stop"},{"index":1,"finish_reason":"stop"}]}"#,
    ]))
}

/// Sends a body in frames of so many bytes, checks that it passes, and gives the span.
fn sent(layer: &LlmLayer, recorder: &Recorder, encoding: &str, body: &[u8], frame: usize) -> String {
    let request = Request::post(CHAT).header("content-encoding", encoding);
    let frames: Chunks = body.chunks(frame).map(Bytes::copy_from_slice).collect();
    let (passed, _) = exchange(layer, request.body(frames).unwrap(), answer());
    assert!(passed == body, "{encoding}: every byte passes");
    recorder.tree(MASKED)
}

fn expect(name: &str, tree: &str, expected: &[&str]) {
    for expected in expected {
        assert!(tree.contains(expected), "{name}: {expected} in {tree}");
    }
}

/// A vision request of 6 MB used to have no model.
#[test]
fn a_request_over_the_limit_keeps_what_its_beginning_says() {
    let image = "aGVsbG8=".repeat(6_000_000 / 8);
    let vision = format!(
        r#"{{{PARAMETERS},"messages":[{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{image}"}}}}]}}]}}"#
    );
    for frame in [vision.len(), 16 * 1024] {
        let recorder = Recorder::new();
        let tree = sent(&layer(&recorder), &recorder, "identity", vision.as_bytes(), frame);
        expect("a vision request", &tree, &EXPECTED);
        expect(
            "a vision request",
            &tree,
            &["throughline.request.unseen=\"too_large\""],
        );
        assert!(
            !tree.contains("tokens.input"),
            "the length of its prompt is unknown: {tree}"
        );
    }
    // What is beyond the limit is not recorded and not guessed. The shape of the body may be there too.
    let late = format!(
        r#"{{"messages":[{{"content":"{}"}}],{PARAMETERS}}}"#,
        "x".repeat(3000)
    );
    let other = format!(
        r#"{{"metadata":"{}",{PARAMETERS},"messages":[]}}"#,
        "x".repeat(3000)
    );
    for (name, body) in [("parameters at the end", late), ("messages at the end", other)] {
        let recorder = Recorder::new();
        let tree = sent(
            &layer(&recorder).with_request_limit(1000),
            &recorder,
            "identity",
            body.as_bytes(),
            500,
        );
        expect(
            name,
            &tree,
            &["Client chat\n", "throughline.request.unseen=\"too_large\""],
        );
    }
}

fn encode(encoding: &str, text: &[u8]) -> Vec<u8> {
    fn finish<W: Write>(mut encoder: W, text: &[u8]) -> W {
        encoder.write_all(text).unwrap();
        encoder
    }
    match encoding {
        "gzip" => finish(GzEncoder::new(Vec::new(), Compression::best()), text)
            .finish()
            .unwrap(),
        "deflate" => finish(ZlibEncoder::new(Vec::new(), Compression::best()), text)
            .finish()
            .unwrap(),
        "bare" => finish(DeflateEncoder::new(Vec::new(), Compression::best()), text)
            .finish()
            .unwrap(),
        "zstd" => zstd::encode_all(text, 3).unwrap(),
        "br" => brotli(text),
        _ => panic!("no encoder for {encoding}"),
    }
}

/// Stored in brotli's format (RFC 7932): uncompressed meta-blocks, then an empty last one.
fn brotli(text: &[u8]) -> Vec<u8> {
    // The first byte is the window, 16 bits, with the header of the first meta-block behind it.
    let mut bits: Vec<bool> = vec![false];
    let push = |bits: &mut Vec<bool>, value: usize, count: usize| {
        bits.extend((0..count).map(|bit| value >> bit & 1 == 1));
    };
    for block in text.chunks(65_536) {
        push(&mut bits, 0, 1); // not the last
        push(&mut bits, 0, 2); // four nibbles of length
        push(&mut bits, block.len() - 1, 16);
        push(&mut bits, 1, 1); // not compressed
        while bits.len() % 8 > 0 {
            bits.push(false);
        }
        for byte in block {
            push(&mut bits, usize::from(*byte), 8);
        }
    }
    push(&mut bits, 0b11, 2); // the last, empty
    bits.chunks(8)
        .map(|byte| byte.iter().rev().fold(0, |sum, bit| sum << 1 | u8::from(*bit)))
        .collect()
}

/// Codex sends zstd.
#[test]
fn an_encoded_request_is_read() {
    let body = format!(r#"{{{PARAMETERS},"messages":[{{"role":"user","content":"Hello"}}]}}"#);
    for (name, encoding) in [
        ("gzip", "gzip"),
        ("gzip", "x-gzip"),
        ("deflate", "deflate"),
        ("bare", "deflate"),
        ("zstd", "zstd"),
        ("br", "br"),
    ] {
        let encoded = encode(name, body.as_bytes());
        for frame in [encoded.len(), 7, 1] {
            let recorder = Recorder::new();
            let tree = sent(&layer(&recorder), &recorder, encoding, &encoded, frame);
            expect(encoding, &tree, &EXPECTED);
            assert!(!tree.contains("unseen"), "{encoding}: all of it is read: {tree}");
            expect(encoding, &tree, &["throughline.tokens.input=8"]);
        }
    }
    let long = format!(
        r#"{{{PARAMETERS},"messages":[{{"content":"{}"}}]}}"#,
        "x".repeat(5_000_000)
    );
    let broken = encode("gzip", body.as_bytes());
    for (name, encoding, encoded, unseen) in [
        (
            "too long, decoded",
            "zstd",
            encode("zstd", long.as_bytes()),
            "too_large",
        ),
        (
            "two encodings",
            "gzip, br",
            encode("gzip", body.as_bytes()),
            "encoded",
        ),
        (
            "an unknown encoding",
            "compress",
            body.clone().into_bytes(),
            "encoded",
        ),
        (
            "not of its encoding",
            "zstd",
            body.clone().into_bytes(),
            "malformed",
        ),
        (
            "cut off",
            "gzip",
            broken[..broken.len() / 2].to_vec(),
            "malformed",
        ),
    ] {
        let recorder = Recorder::new();
        let tree = sent(&layer(&recorder), &recorder, encoding, &encoded, 1000);
        expect(
            name,
            &tree,
            &[&format!("throughline.request.unseen=\"{unseen}\"")],
        );
        assert_eq!(
            tree.contains("gpt-4o"),
            unseen == "too_large",
            "{name}: the model: {tree}"
        );
    }
}

/// A few kilobytes that unfold to 300 MB cost neither memory nor time.
#[test]
fn a_bomb() {
    let beginning = format!("{{{PARAMETERS},\"messages\":[");
    let spaces = std::io::repeat(b' ').take(300_000_000);
    let bombs = [
        (
            "zstd",
            zstd::encode_all(Read::chain(beginning.as_bytes(), spaces), 3).unwrap(),
        ),
        ("gzip", {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(beginning.as_bytes()).unwrap();
            let spaces = vec![b' '; 1_000_000];
            (0..20).for_each(|_| encoder.write_all(&spaces).unwrap());
            encoder.finish().unwrap()
        }),
    ];
    for (encoding, bomb) in bombs {
        assert!(bomb.len() < 200_000, "{encoding}: {} bytes", bomb.len());
        let recorder = Recorder::new();
        let layer = layer(&recorder);
        let mut tree = String::new();
        let held = allocation_counter::measure(|| {
            tree = sent(&layer, &recorder, encoding, &bomb, 1000);
        });
        expect(
            encoding,
            &tree,
            &["throughline.request.unseen=\"too_large\"", EXPECTED[0]],
        );
        // A step of 64 bytes may unfold to 1 MiB, in a buffer that doubles.
        let most = 3 * 1024 * 1024 + MAX_HELD_BYTES + 4 * bomb.len() as u64;
        assert!(held.bytes_max <= most, "{encoding}: {} bytes", held.bytes_max);
    }
}

/// What serde_json refuses is malformed, as it ever was; what it takes is read.
#[test]
fn what_is_no_json_is_malformed() {
    let ok = |body: &str| format!(r#"{{"model":"gpt-4o","messages":[{body}]}}"#).into_bytes();
    let cases: Vec<(&str, Vec<u8>, bool)> = vec![
        ("an escape", ok(r#""\u00e9\n\ud83d\ude00""#), true),
        ("numbers", ok("0,-1.5e+3,1E9,0.1"), true),
        ("a number of 1000 digits", ok(&"1".repeat(1000)), true),
        ("white space", [b"\r\n\t ", &*ok(""), b" \n"].concat(), true),
        (
            "deep nesting",
            ok(&["[".repeat(100), "]".repeat(100)].concat()),
            true,
        ),
        (
            "too deep nesting",
            ok(&["[".repeat(5000), "]".repeat(5000)].concat()),
            false,
        ),
        ("an empty body", Vec::new(), false),
        ("a byte order mark", [b"\xef\xbb\xbf", &*ok("")].concat(), false),
        (
            "invalid UTF-8 in a string",
            ok("\"~\"")
                .into_iter()
                .map(|byte| if byte == b'~' { 0xFF } else { byte })
                .collect(),
            false,
        ),
        (
            "a cut character",
            ok("\"~\"")
                .into_iter()
                .map(|byte| if byte == b'~' { 0xC3 } else { byte })
                .collect(),
            false,
        ),
        ("a control character", ok("\"\u{1}\""), false),
        ("a line feed in a string", ok("\"\n\""), false),
        ("an escape that is none", ok(r#""\x""#), false),
        ("half a surrogate pair", ok(r#""\ud83d""#), false),
        ("a number with a zero in front", ok("01"), false),
        ("a number without digits", ok("1."), false),
        ("a word", ok("nul"), false),
        ("a comma too many", ok("1,"), false),
        ("two documents", [ok(""), ok("")].concat(), false),
        ("something behind", [&*ok(""), b"x"].concat(), false),
        ("no end", ok("")[..30].to_vec(), false),
    ];
    for (name, body, valid) in cases {
        assert_eq!(
            serde_json::from_slice::<serde_json::Value>(&body).is_ok(),
            valid && !name.contains("1000"),
            "{name}: as serde_json says, but for numbers without end"
        );
        for frame in [body.len().max(1), 1 + body.len() / 1000] {
            let recorder = Recorder::new();
            let tree = sent(&layer(&recorder), &recorder, "identity", &body, frame);
            assert_eq!(tree.contains("Client chat gpt-4o"), valid, "{name}: {tree}");
            let malformed = tree.contains("throughline.request.unseen=\"malformed\"");
            assert_eq!(malformed, !valid, "{name}: {tree}");
        }
    }
}

/// Of two members of one name the last counts, as for serde_json.
#[test]
fn the_last_of_two_members_counts() {
    let body = r#"{"model":"a","temperature":1,"stop":["x","y"],"messages":0,"model":"b","temperature":2,"stop":["z"],"messages":[]}"#;
    let recorder = Recorder::new();
    let tree = sent(&layer(&recorder), &recorder, "identity", body.as_bytes(), 10);
    expect(
        "twice",
        &tree,
        &[
            "Client chat b",
            "gen_ai.request.temperature=2",
            "gen_ai.request.stop_sequences=[\"z\"]",
        ],
    );
    let body = r#"{"model":"a","messages":[],"messages":0}"#;
    let recorder = Recorder::new();
    let tree = sent(&layer(&recorder), &recorder, "identity", body.as_bytes(), 10);
    assert_eq!(tree, "", "the last messages are none");
}

/// A body of a million members is read as far as any request needs.
#[test]
fn what_stands_behind_thousands_of_members_is_not_read() {
    let junk = r#""a":0,"#;
    for (members, is_read) in [(1_000, true), (10_000, false)] {
        let body = format!(
            r#"{{"model":"gpt-4o","messages":[],{}"temperature":2}}"#,
            junk.repeat(members)
        );
        let recorder = Recorder::new();
        let tree = sent(
            &layer(&recorder),
            &recorder,
            "identity",
            body.as_bytes(),
            body.len(),
        );
        assert!(tree.starts_with("Client chat gpt-4o"), "{members}: {tree}");
        assert_eq!(
            tree.contains("gen_ai.request.temperature=2"),
            is_read,
            "{members}: {tree}"
        );
        assert!(!tree.contains("unseen"), "{members}: all of it is valid: {tree}");
    }
    // Messages are no members: the SDKs write the model behind them.
    let body = format!(
        r#"{{"messages":[{}0],"model":"gpt-4o","temperature":2}}"#,
        r#"{"role":"user","content":[]},"#.repeat(10_000)
    );
    let recorder = Recorder::new();
    let tree = sent(
        &layer(&recorder),
        &recorder,
        "identity",
        body.as_bytes(),
        body.len(),
    );
    expect(
        "many messages",
        &tree,
        &["Client chat gpt-4o", "gen_ai.request.temperature=2"],
    );
    // Elements of arrays are values too, but of a long array only the first are.
    let tokens = "1,".repeat(10_000);
    let body = format!(r#"{{"prompt":[{tokens}1],"model":"gpt-4o","temperature":2}}"#);
    let recorder = Recorder::new();
    let request = Request::post("https://api.openai.com/v1/completions");
    exchange(
        &layer(&recorder),
        request.body(Chunks::from_iter([body])).unwrap(),
        answer(),
    );
    let tree = recorder.tree(MASKED);
    expect(
        "tokens",
        &tree,
        &[
            "text_completion gpt-4o",
            "gen_ai.request.temperature=2",
            "throughline.tokens.input=10001",
        ],
    );
}

/// Shows only the first of its pieces, as a buffer may.
struct Secretive(Vec<Bytes>);

impl Buf for Secretive {
    fn remaining(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }

    fn chunk(&self) -> &[u8] {
        self.0.first().map_or(&[], |first| first)
    }

    fn advance(&mut self, mut count: usize) {
        while let Some(first) = self.0.first_mut() {
            let here = count.min(first.len());
            first.advance(here);
            count -= here;
            if !first.is_empty() {
                return;
            }
            self.0.remove(0);
        }
    }
}

/// Sends a body of one frame, checks that it passes, and gives the span.
fn sent_as<D: Buf + 'static>(data: D, body: &str) -> String {
    let recorder = Recorder::new();
    let service = service_fn(|request: Request<RequestBody<Full<D>>>| {
        let passed = read(request.into_body());
        assert_eq!(passed, body, "every byte passes");
        async { Ok::<_, Infallible>(answer()) }
    });
    let mut service = layer(&recorder).layer(service);
    let Ok(response) = block_on(service.call(Request::post(CHAT).body(Full::new(data)).unwrap()));
    read(response.into_body());
    recorded();
    recorder.tree(MASKED)
}

/// A frame may lie in several pieces.
#[test]
fn a_body_in_pieces_is_read_as_far_as_it_is_seen() {
    let body = format!(r#"{{{PARAMETERS},"messages":[{{"role":"user","content":"Hello"}}]}}"#);
    for cut in 0..=body.len() {
        let (head, tail) = body.split_at(cut);
        let [head, tail] = [head, tail].map(|part| Bytes::copy_from_slice(part.as_bytes()));
        let tree = sent_as(head.clone().chain(tail.clone()), &body);
        expect("two pieces", &tree, &EXPECTED);
        assert!(
            !tree.contains("unseen"),
            "cut at {cut}: all of it is seen: {tree}"
        );
        let pieces = [head, tail].into_iter().filter(|piece| !piece.is_empty());
        let tree = sent_as(Secretive(pieces.collect()), &body);
        let is_whole = [0, body.len()].contains(&cut);
        let is_fragmented = tree.contains("throughline.request.unseen=\"fragmented\"");
        assert_eq!(is_fragmented, !is_whole, "cut at {cut}: {tree}");
        let has_model = is_whole || cut >= r#"{"model":"gpt-4o""#.len();
        assert_eq!(
            tree.contains("Client chat gpt-4o"),
            has_model,
            "cut at {cut}: {tree}"
        );
    }
}
