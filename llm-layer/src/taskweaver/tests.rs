//! The examples of OpenAI's cookbook, counted like OpenAI and like TaskWeaver, and TaskWeaver's JSON.

#![cfg(feature = "tiktoken")]

use http::{HeaderMap, Method};
use serde_json::{Value, json};
use throughline_llm_wire::json::{StrictScanner, Visit};
use throughline_llm_wire::{Target, read_request};
use throughline_tokens::Tokenizer;

use super::dump::Dump;
use super::{size, size_reader, tokenizer};
use crate::call::CountedPrompt;

fn read(body: &str, visit: &mut impl Visit) -> bool {
    let mut scanner = StrictScanner::new();
    scanner.feed(body.as_bytes(), visit).is_ok() && scanner.finish(visit).is_ok()
}

fn prompt(model: &str, body: &Value) -> u64 {
    let url = "https://api.openai.com/v1/chat/completions".parse().unwrap();
    let target = Target::new(&Method::POST, &url, None);
    let request =
        read_request(&target, &HeaderMap::new(), &[], &body.to_string().into()).expect("a model call");
    let prompt = CountedPrompt::new(Tokenizer::built_in(model));
    let prompt = request
        .copy
        .expect("the body")
        .prompt(&request.recognised.format, prompt);
    prompt.expect("a prompt").0.finish().expect("a count").tokens
}

/// The numbers that OpenAI's API reports for the example of its cookbook.
#[test]
fn cookbook_messages() {
    let text = r#"{"messages": [
        {"role": "system", "content": "You are a helpful, pattern-following assistant that translates corporate jargon into plain English."},
        {"role": "system", "name": "example_user", "content": "New synergies will help drive top-line growth."},
        {"role": "system", "name": "example_assistant", "content": "Things working well together will increase revenue."},
        {"role": "system", "name": "example_user", "content": "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage."},
        {"role": "system", "name": "example_assistant", "content": "Let's talk later when we're less busy about how to do better."},
        {"role": "user", "content": "This late pivot means we don't have time to boil the ocean for the client deliverable."}
    ]}"#;
    let body = serde_json::from_str(text).unwrap();
    assert_eq!(prompt("gpt-4", &body), 129, "cl100k_base");
    let tokenizer = tokenizer(None, &[]);
    let mut counted = size_reader(&tokenizer);
    assert!(read(text, &mut counted), "the example is valid");
    assert_eq!(size(counted), Some(185), "as TaskWeaver counts it");
    assert_eq!(prompt("gpt-4o", &body), 124, "o200k_base");
}

#[test]
fn cookbook_tools() {
    let body = json!({
        "messages": [
            {"role": "system", "content": "You are a helpful assistant that can answer to questions about the weather."},
            {"role": "user", "content": "What's the weather like in San Francisco?"},
        ],
        "tools": [{"type": "function", "function": {
            "name": "get_current_weather",
            "description": "Get the current weather in a given location",
            "parameters": {"type": "object", "properties": {
                "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
                "unit": {"type": "string", "description": "The unit of temperature to return", "enum": ["celsius", "fahrenheit"]},
            }, "required": ["location"]},
        }}],
    });
    assert_eq!(prompt("gpt-4", &body), 105, "cl100k_base");
    assert_eq!(prompt("gpt-4o", &body), 101, "o200k_base");
}

/// The output of Python's `json.dumps`.
#[test]
fn json_dumps() {
    let body = r#"{"skip": {"z": 1}, "x":{"b" :[1,-2, 2.50,true,null],"a":"é\"\\\n\t😀\u007f", "c":{},"d":[ ]}, "y": "y"}"#;
    let expected =
        r#"{"b": [1, -2, 2.5, true, null], "a": "\u00e9\"\\\n\t\ud83d\ude00\u007f", "c": {}, "d": []}"#;
    let dumps = |body: &str, members| {
        let mut dump = Dump::new(members, String::new);
        read(body, &mut dump).then(|| dump.into_parts())
    };
    let [x, absent, y] = dumps(body, ["x", "absent", "y"]).unwrap();
    assert_eq!(x.as_deref(), Some(expected), "an object, its keys in order");
    assert_eq!(
        (absent, y.as_deref()),
        (None, Some("\"y\"")),
        "no member, a string"
    );
    for (body, expected) in [
        ("[]", Some([const { None }; 3])),
        (r#"{"x": 1, "y": {"a""#, None),
        ("", None),
    ] {
        assert_eq!(dumps(body, ["x", "absent", "y"]), expected, "no object: {body}");
    }
}
