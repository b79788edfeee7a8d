//! Counts against known numbers.

#![cfg(feature = "tiktoken")]

use serde_json::{Value, json};

use super::segmented::Count;
use super::{Encoding, Prompt, Segmented, Vocabulary};
use crate::wire::{OpenAiChat, WireFormat};

fn count(encoding: Encoding, pieces: &[&str]) -> Option<Count> {
    let mut counter = Segmented::new(encoding);
    pieces.iter().for_each(|piece| counter.push(piece));
    counter.finish()
}

fn prompt(model: &str, body: &Value) -> u64 {
    let mut prompt = Prompt::new(Encoding::of_model(model));
    OpenAiChat.prompt(body, &mut prompt);
    prompt.finish().unwrap().tokens
}

#[test]
fn encodings_of_models() {
    use Vocabulary::{Cl100k, O200k};
    let cases = [
        ("gpt-4o", O200k, true),
        ("gpt-4o-2024-08-06", O200k, true),
        ("GPT-4o", O200k, true),
        ("openai/gpt-4o:free", O200k, true),
        ("ft:gpt-4.1-mini:acme::1", O200k, true),
        ("o1", O200k, true),
        ("o4-mini", O200k, true),
        ("gpt-5.2", O200k, true),
        ("gpt-oss-20b", O200k, true),
        ("gpt-4", Cl100k, true),
        ("gpt-4-turbo", Cl100k, true),
        ("gpt-3.5-turbo-0125", Cl100k, true),
        ("text-embedding-3-large", Cl100k, true),
        ("gpt-45", O200k, false),
        ("o100", O200k, false),
        ("smollm2", O200k, false),
        ("", O200k, false),
    ];
    for (model, vocabulary, known) in cases {
        assert_eq!(
            Encoding::of_model(model),
            Encoding { vocabulary, known },
            "{model}"
        );
    }
}

/// The numbers that OpenAI's API gives for the example of its cookbook.
#[test]
fn cookbook_messages() {
    let body = json!({"messages": [
        {"role": "system", "content": "You are a helpful, pattern-following assistant that translates corporate jargon into plain English."},
        {"role": "system", "name": "example_user", "content": "New synergies will help drive top-line growth."},
        {"role": "system", "name": "example_assistant", "content": "Things working well together will increase revenue."},
        {"role": "system", "name": "example_user", "content": "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage."},
        {"role": "system", "name": "example_assistant", "content": "Let's talk later when we're less busy about how to do better."},
        {"role": "user", "content": "This late pivot means we don't have time to boil the ocean for the client deliverable."},
    ]});
    assert_eq!(prompt("gpt-4", &body), 129, "cl100k_base");
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

#[test]
fn special_tokens_are_plain_text() {
    let encoding = Encoding::of_model("gpt-4o");
    let count = count(encoding, &["<|endoftext|>"]).unwrap();
    assert_eq!(count.tokens, 7, "a user must not talk their way under a limit");
}

/// tiktoken-rs alone panics here.
#[test]
fn a_million_spaces() {
    let spaces = " ".repeat(1_100_000);
    for model in ["gpt-4", "gpt-4o"] {
        let count = count(Encoding::of_model(model), &[&spaces, "x"]).unwrap();
        let bounds = spaces.len() as u64 / 128..=spaces.len() as u64;
        assert!(bounds.contains(&count.tokens), "{model}: {count:?}");
        assert!(!count.exact, "{model}: there is no boundary to cut at");
    }
}

#[test]
fn a_long_text_is_counted_as_one() {
    let sentence = "The planner split the task, 3 steps; it's done. 我们把任务分成三个步骤。";
    let encoding = Encoding::of_model("gpt-4o");
    let one = count(encoding, &[sentence]).unwrap().tokens;
    let text = sentence.repeat(2_000);
    let whole = count(encoding, &[&text]).unwrap();
    assert_eq!(
        whole,
        Count {
            tokens: one * 2_000,
            exact: true
        },
        "whole"
    );
    let pieces: Vec<&str> = text.split_inclusive(['e', ' ', '务']).collect();
    assert_eq!(count(encoding, &pieces), Some(whole), "piece by piece");
}
