//! Runs the fuzz targets with the golden cases and with mutations of them: the same ones every time.
//!
//! With `WRITE_CORPUS=1` in the environment, the inputs are written to `fuzz/corpus`, where `cargo fuzz` finds
//! them.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use throughline_test_support::golden::GoldenCase;

use crate::fuzz::exchange::SEPARATOR;
use crate::fuzz::{self, TARGETS};

#[test]
fn requests() {
    smoke("request", &exchanges());
}

#[test]
fn responses() {
    smoke("response", &exchanges());
}

#[test]
fn websocket_sessions() {
    let sessions = SESSIONS.map(|(url, session)| [&[url], session.as_bytes()].concat());
    smoke("websocket", &sessions.map(|session| vec![session; 50]).concat());
}

#[test]
fn forms() {
    let forms = crate::golden_cases().into_iter().filter_map(|case| {
        let content_type = case.request.headers.get("content-type")?.to_str().ok()?;
        let (_, boundary) = content_type.split_once("boundary=")?;
        let body = String::from_utf8_lossy(&case.request.body).replace(boundary, "x");
        Some((0..4).map(move |url| [&[6, url], body.as_bytes()].concat()))
    });
    let forms: Vec<_> = forms.flatten().collect();
    assert!(forms.len() >= 20, "only {} forms", forms.len());
    smoke("form", &vec![forms; 10].concat());
}

#[test]
fn each_target_has_a_file() {
    for (name, _) in TARGETS {
        let file = format!("{}/fuzz/fuzz_targets/{name}.rs", env!("CARGO_MANIFEST_DIR"));
        assert!(Path::new(&file).exists(), "{file}");
    }
}

#[test]
fn the_head_of_a_form_ends_at_the_first_blank_line_whatever_follows() {
    let form = "--x\ncontent-disposition: form-data; name=\"model\"\n\nm\r\n--x\r\n\
        content-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\na\r\n--x--\r\n";
    fuzz::run("form", &[&[6, 0], form.as_bytes()].concat());
}

#[test]
fn a_string_with_a_line_feed_is_refused_before_it_is_read() {
    let body = "{\"model\":\"text\nof several lines\",\"input\":[\"Hello\"],\"dimensions\":2}";
    fuzz::run("request", &embeddings(body.as_bytes()));
}

#[test]
fn what_precedes_invalid_utf8_is_read_in_every_cut() {
    let body = b"{\"model\":\"m\",\"input\":[\"Hello\"],\"dimensions\":2,\"user\":\"\xff\"}";
    fuzz::run("request", &embeddings(body));
}

#[test]
fn nothing_is_read_behind_a_flaw_in_a_document_in_base64() {
    // {"index":0 !                    ,"inputTextTokenCount":7,"outputText":"x"}
    let payload = r#"{"bytes":"eyJpbmRleCI6MCAhICAgICAgICAgICAgICAgICAgICAsImlucHV0VGV4dFRva2VuQ291bnQiOjcsIm91dHB1dFRleHQiOiJ4In0="}"#;
    let length = |bytes: usize| u32::try_from(bytes).unwrap().to_be_bytes();
    let message = [
        &length(payload.len() + 16)[..],
        &[0; 8],
        payload.as_bytes(),
        &[0; 4],
    ];
    let head = "POST https://bedrock-runtime.us-east-1.amazonaws.com/model/amazon.titan-text-lite-v1/\
        invoke-with-response-stream\n\n{\"inputText\":\"Hi\"}";
    let answer = b"200\ncontent-type: application/vnd.amazon.eventstream\n\n";
    for step in 0..100 {
        let exchange = [&[step], head.as_bytes(), SEPARATOR, answer, &message.concat()];
        fuzz::run("response", &exchange.concat());
    }
}

/// A request for embeddings, at a host that is in no table, in pieces of seven bytes.
fn embeddings(body: &[u8]) -> Vec<u8> {
    let head = b"\x06POST https://models.example/v1/embeddings\ncontent-type: application/json\n\n";
    [head, body].concat()
}

/// Each golden case, with a length of its pieces.
fn exchanges() -> Vec<Vec<u8>> {
    let cases = crate::golden_cases().into_iter();
    let exchange = |case: GoldenCase| {
        let file = |side: &str| Bytes::from(fs::read(format!("{}.{side}.http", case.name)).unwrap());
        [&[6], &*file("request"), SEPARATOR, &*file("response")].concat()
    };
    cases.map(exchange).collect()
}

/// Runs a target with each seed and with mutations of it.
fn smoke(target: &str, seeds: &[Vec<u8>]) {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for (number, seed) in seeds.iter().enumerate() {
        if std::env::var_os("WRITE_CORPUS").is_some() {
            let folder = format!("{}/fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(format!("{folder}/{number}"), seed).unwrap();
        }
        fuzz::run(target, seed);
        for _ in 0..MUTATIONS {
            let mut input = seed.clone();
            for _ in 0..=random.below(3) {
                random.mutate(&mut input);
            }
            fuzz::run(target, &input);
        }
    }
}

/// Xorshift: <https://www.jstatsoft.org/article/view/v008i14>.
struct Random(u64);

impl Random {
    /// A number less than `bound`; 0 if that is 0.
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 8)
            .unwrap()
            .checked_rem(bound)
            .unwrap_or(0)
    }

    fn mutate(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len());
        let end = (at + 1 + self.below(40)).min(input.len());
        match self.below(6) {
            0 if !input.is_empty() => input[at] ^= 1 << self.below(8),
            // How the body is cut.
            1 if !input.is_empty() => input[0] = u8::try_from(self.below(256)).unwrap(),
            2 => drop(input.drain(at..end)),
            3 => {
                let copy = input[at..end].to_vec();
                let place = self.below(input.len());
                input.splice(place..place, copy);
            }
            4 => {
                let token = TOKENS[self.below(TOKENS.len())];
                input.splice(at..at, token.bytes());
            }
            _ => input.truncate(at),
        }
    }
}

const MUTATIONS: usize = 10;
const TOKENS: &[&str] = &[
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    "data: ",
    "event: error\n",
    ":",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "\\",
    "\\u",
    "\\ud83d",
    "null",
    "1e999",
    "-",
    "é",
    "\u{feff}",
    "\0",
    "--x",
    "--x--",
    "\r\n\r\n",
    "\"usage\":{}",
    "\"choices\":[]",
    "[DONE]",
    "\"type\":\"response.done\"",
    ">",
    "\"index\":7",
    "\"id\":\"a\"",
];

/// Sessions of the Realtime API and of the Responses API's WebSocket mode.
const SESSIONS: [(u8, &str); 2] = [
    (
        0,
        r#"{"type":"session.created","session":{"id":"s","model":"gpt-realtime"}}
>{"type":"session.update","session":{"temperature":0.8,"instructions":"Be brief."}}
>{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"Hi"}]}}
>{"type":"response.create"}
{"type":"response.created","response":{"id":"r1","status":"in_progress","conversation_id":"c"}}
>{"type":"response.create","event_id":"e1","response":{"conversation":"none","metadata":{"a":"b"}}}
{"type":"response.created","response":{"id":"r2","status":"in_progress","conversation_id":null}}
{"type":"response.output_audio.delta","response_id":"r1","delta":"AAAA"}
{"type":"response.output_audio_transcript.delta","response_id":"r1","item_id":"i1","delta":"Hel"}
{"type":"response.output_text.delta","response_id":"r2","delta":"lo"}
{"type":"conversation.item.input_audio_transcription.delta","item_id":"i2","content_index":0,"delta":"Hi"}
{"type":"conversation.item.input_audio_transcription.completed","item_id":"i2","content_index":0,"transcript":"Hi","usage":{"type":"tokens","total_tokens":4,"input_tokens":2,"output_tokens":2}}
{"type":"response.function_call_arguments.delta","response_id":"r1","call_id":"f","delta":"{\"a\":"}
{"type":"response.done","response":{"id":"r1","status":"completed","output":[{"type":"function_call","call_id":"f","name":"g","arguments":"{}"}],"usage":{"total_tokens":42,"input_tokens":30,"output_tokens":12}}}
{"type":"response.done","response":{"id":"r2","status":"cancelled"}}
>{"type":"response.create","event_id":"e2"}
{"type":"error","error":{"type":"invalid_request_error","code":"x","event_id":"e2"}}
"#,
    ),
    (
        1,
        r#">{"type":"response.create","model":"gpt-5","input":"Hi","stream_id":"a"}
>{"type":"response.create","model":"gpt-5","input":[{"role":"user","content":"Hi"}],"stream_id":"b","tools":[{"type":"function","name":"f"}]}
{"type":"response.created","stream_id":"a","response":{"id":"r1","model":"gpt-5-2025"}}
{"type":"response.created","stream_id":"b","response":{"id":"r2"}}
{"type":"response.output_text.delta","stream_id":"a","output_index":0,"delta":"Hel"}
{"type":"response.output_text.delta","stream_id":"b","output_index":0,"delta":"lo"}
{"type":"response.output_item.done","stream_id":"b","output_index":1,"item":{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}}
{"type":"response.completed","stream_id":"a","response":{"id":"r1","status":"completed","usage":{"input_tokens":8,"output_tokens":3}}}
{"type":"response.incomplete","stream_id":"b","response":{"id":"r2","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}}
>{"type":"response.create","model":"gpt-5","input":"Hi"}
{"type":"error","status":429,"error":{"type":"rate_limit_error","code":"rate_limit_exceeded","message":"Slow down"}}
"#,
    ),
];
