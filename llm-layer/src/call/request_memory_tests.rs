//! What is made of a request when its prompt is counted and recorded.

use allocation_counter::measure;
use bytes::Bytes;
use http::{HeaderMap, Method};
use throughline_llm_wire::{Content, Target, read_request};
use throughline_tokens::{SharedCounter, TokenCounter, TokenEncoding, Tokenizer};

use super::prompt::CountedPrompt;
use crate::taskweaver;

/// Counts a token a byte.
struct BytesOfText;

impl TokenCounter for BytesOfText {
    fn encoding(&self, _: &str) -> Option<TokenEncoding> {
        Some(TokenEncoding::exact("bytes"))
    }

    fn count(&self, _: &TokenEncoding, segment: &str) -> Option<u64> {
        u64::try_from(segment.len()).ok()
    }
}

const BYTES: usize = 200_000;

/// What is made of a request later, when its prompt is counted and recorded, is bounded too.
#[test]
fn a_second_look_takes_no_more_than_the_request() {
    let fill = |with: &str| with.repeat(BYTES / with.len());
    let property = r#""a":{"type":"string","description":"d","enum":["x"]},"#;
    let shapes = [
        ("objects", format!(r#"{{"messages":[{}0]}}"#, fill(r#"{"":0},"#))),
        ("arrays", format!(r#"{{"messages":[{}0]}}"#, fill("[],"))),
        (
            "messages",
            format!(
                r#"{{"messages":[{}0]}}"#,
                fill(r#"{"role":"user","content":"x"},"#)
            ),
        ),
        (
            "nesting",
            format!(
                r#"{{"messages":[{}0]}}"#,
                fill(&["[".repeat(90), "]".repeat(90), ",".into()].concat())
            ),
        ),
        (
            "a text",
            format!(r#"{{"messages":[{{"content":"{}"}}]}}"#, fill("xy ")),
        ),
        (
            "a text of escapes",
            format!(r#"{{"messages":[{{"content":"{}"}}]}}"#, fill(r"\u0001")),
        ),
        (
            "arguments",
            format!(
                r#"{{"messages":[{{"tool_calls":[{{"function":{{"name":"f","arguments":"[{}0]"}}}}]}}]}}"#,
                fill(r#"{\"\":0},"#),
            ),
        ),
        (
            "members",
            format!(r#"{{"messages":[],{}"a":0}}"#, fill(r#""a":0,"#)),
        ),
        (
            "tools",
            format!(
                r#"{{"messages":[],"tools":[{}0]}}"#,
                fill(r#"{"function":{"name":"f","description":"d"}},"#)
            ),
        ),
        (
            "properties",
            format!(
                r#"{{"messages":[],"tools":[{{"function":{{"name":"f","parameters":{{"properties":{{{}"z":0}}}}}}}}]}}"#,
                fill(property),
            ),
        ),
        (
            "a description",
            format!(
                r#"{{"messages":[],"tools":[{{"function":{{"name":"f","description":"{}"}}}}]}}"#,
                fill("xy "),
            ),
        ),
    ];
    let counters = [SharedCounter::new(BytesOfText)];
    let tokenizer = Tokenizer::for_model("m", &counters, None);
    let url = "https://api.openai.com/v1/chat/completions".parse().unwrap();
    let target = Target::new(&Method::POST, &url, None);
    for (name, body) in shapes {
        let length = body.len();
        let request =
            read_request(&target, &HeaderMap::new(), &[], &Bytes::from(body)).expect("a model call");
        let copy = request.copy.expect("the body");
        let format = &request.recognised.format;
        let read_prompt = |prompt| copy.prompt(format, prompt).expect("it is valid");
        let looks: [(&str, &dyn Fn()); 5] = [
            ("tokens", &|| {
                let count = read_prompt(CountedPrompt::new(tokenizer.clone())).0.finish();
                assert!(count.is_some(), "{name}: tokens");
            }),
            ("characters", &|| {
                read_prompt(CountedPrompt::characters_only());
            }),
            ("TaskWeaver's size", &|| {
                let mut size = taskweaver::size_reader(&tokenizer);
                assert!(copy.read(&mut size), "{name}: it is valid");
                assert!(
                    taskweaver::size(size).is_some_and(|size| size > 0),
                    "{name}: a size"
                );
            }),
            ("TaskWeaver's prompt", &|| {
                let mut text = taskweaver::text_reader(64 * 1024);
                assert!(copy.read(&mut text), "{name}: it is valid");
                let text = taskweaver::text(text);
                assert!(
                    text.is_none_or(|text| text.len() <= 64 * 1024),
                    "{name}: a short text"
                );
            }),
            ("content", &|| {
                let content = Content::from_request(&copy.document(64 * 1024));
                assert!(content.output.is_empty(), "{name}: a request has no output");
            }),
        ];
        for (look, run) in looks {
            let most = match look {
                // Its own limit: four times 64 KiB, written as values of serde_json.
                "content" => 3 * 1024 * 1024,
                _ => length as u64 + 512 * 1024,
            };
            let measured = measure(run).bytes_max;
            assert!(
                measured <= most,
                "{name}, {look}: {measured} bytes beside {length}"
            );
        }
    }
}
