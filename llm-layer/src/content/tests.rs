//! Where content goes, and what is cut.

use http::{HeaderMap, Method};
use serde_json::{Value, json};
use throughline_llm_wire::{Content, Target, read_request};

use super::{Limits, Redact, attributes, finish};

/// The content of a chat request, with an output.
fn content_of(body: &Value, output: Vec<Value>) -> Content {
    let url = "https://api.openai.com/v1/chat/completions".parse().unwrap();
    let target = Target::new(&Method::POST, &url, None);
    let body = body.to_string().into();
    let request = read_request(&target, &HeaderMap::new(), &[], &body).expect("a model call");
    let body = request.copy.expect("the body").document(Limits::default().total);
    let mut content = Content::from_request(&body);
    content.output = output;
    content
}

#[test]
fn content_is_cut_to_size_and_stays_json() {
    let long = "é".repeat(10_000);
    let body =
        json!({"messages": (0..200).map(|_| json!({"role": "user", "content": long})).collect::<Vec<_>>()});
    let limits = Limits {
        total: 4096,
        text: 1000,
    };
    let content = finish(content_of(&body, Vec::new()), None, limits);
    let (_, json) = attributes(&content).next().unwrap();
    assert!(json.len() <= limits.total, "{} bytes", json.len());
    let messages: Vec<Value> = serde_json::from_str(&json).unwrap();
    assert!(messages.len() > 10, "{} messages", messages.len());
    assert!(
        messages[0]["parts"][0]["content"]
            .as_str()
            .unwrap()
            .ends_with("é…"),
        "{}",
        messages[0]
    );
}

#[test]
fn a_hook_may_change_everything_and_panic() {
    let body = json!({"messages": [{"role": "user", "content": "secret"}]});
    let redact = Redact::new(|content| content.input.clear());
    let redacted = finish(
        content_of(&body, vec![json!("o")]),
        Some(&redact),
        Limits::default(),
    );
    assert_eq!((redacted.input.len(), redacted.output.len()), (0, 1), "changed");
    let redact = Redact::new(|_| panic!("on purpose"));
    let nothing = finish(
        content_of(&body, vec![json!("o")]),
        Some(&redact),
        Limits::default(),
    );
    assert_eq!(nothing, Content::default(), "a panic leaves nothing");
}
