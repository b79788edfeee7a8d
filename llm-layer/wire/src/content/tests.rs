//! Content of every shape.

use serde_json::{Value, json};

use super::{Answer, Content, Document, DocumentReader};
use crate::Channel;
use crate::json::{Scalar, StrictScanner};

/// A body as a layer reads it, with the default limits.
fn document(body: &Value) -> Document {
    let mut reader = DocumentReader::new(64 * 1024);
    let mut scanner = StrictScanner::new();
    let read = scanner.feed(body.to_string().as_bytes(), &mut reader);
    assert!(
        read.is_ok() && scanner.finish(&mut reader).is_ok(),
        "{body} is valid"
    );
    reader.finish()
}

mod input {
    use super::{Content, Value};

    pub(super) fn read(body: &Value) -> Content {
        super::super::input::read(&super::document(body))
    }
}

#[test]
fn messages_of_every_provider() {
    let text = |role: &str, text: &str| json!({"role": role, "parts": [{"type": "text", "content": text}]});
    let call = json!({"type": "tool_call", "id": "c", "name": "f", "arguments": {"a": 1}});
    let cases: Vec<(&str, Value, Vec<Value>)> = vec![
        (
            "OpenAI",
            json!({"messages": [
                {"role": "system", "content": "s"},
                {"role": "user", "name": "n", "content": [{"type": "text", "text": "t"}]},
                {"role": "assistant", "content": null, "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}}]},
                {"role": "tool", "tool_call_id": "c", "content": "r"},
            ]}),
            vec![
                text("system", "s"),
                json!({"role": "user", "parts": [{"type": "text", "content": "t"}], "name": "n"}),
                json!({"role": "assistant", "parts": [call]}),
                json!({"role": "tool", "parts": [{"type": "tool_call_response", "id": "c", "response": "r"}]}),
            ],
        ),
        (
            "Responses",
            json!({"input": [
                {"role": "user", "content": [{"type": "input_text", "text": "t"}]},
                {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{\"a\":1}"},
                {"type": "function_call_output", "call_id": "c", "output": "r"},
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": "h"}]},
                {"type": "custom_tool_call", "call_id": "c", "name": "f", "input": "{\"a\":1}"},
            ]}),
            vec![
                text("user", "t"),
                json!({"role": "assistant", "parts": [call]}),
                json!({"role": "tool", "parts": [{"type": "tool_call_response", "id": "c", "response": "r"}]}),
                json!({"role": "assistant", "parts": [{"type": "reasoning", "content": "h"}]}),
                json!({"role": "assistant", "parts": [call]}),
            ],
        ),
        (
            "Gemini's interactions",
            json!({"input": [
                {"type": "user_input", "content": [{"type": "text", "text": "t"}]},
                {"type": "function_call", "id": "c", "name": "f", "arguments": {"a": 1}},
                {"type": "function_result", "call_id": "c", "result": "r"},
                {"type": "model_output", "content": [{"type": "text", "text": "u"}]},
            ]}),
            vec![
                text("user", "t"),
                json!({"role": "assistant", "parts": [call]}),
                json!({"role": "tool", "parts": [{"type": "tool_call_response", "id": "c", "response": "r"}]}),
                text("assistant", "u"),
            ],
        ),
        ("a bare text", json!({"input": "t"}), vec![text("user", "t")]),
        (
            "Anthropic",
            json!({"messages": [
                {"role": "assistant", "content": [{"type": "thinking", "thinking": "h"}, {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "r"}]},
            ]}),
            vec![
                json!({"role": "assistant", "parts": [{"type": "reasoning", "content": "h"}, call]}),
                json!({"role": "user", "parts": [{"type": "tool_call_response", "id": "c", "response": "r"}]}),
            ],
        ),
        (
            "Gemini",
            json!({"contents": [{"role": "model", "parts": [{"text": "h", "thought": true}, {"text": "t"}, {"functionCall": {"id": "c", "name": "f", "args": {"a": 1}}}]}]}),
            vec![
                json!({"role": "model", "parts": [{"type": "reasoning", "content": "h"}, {"type": "text", "content": "t"}, call]}),
            ],
        ),
        (
            "Bedrock",
            json!({"messages": [{"role": "assistant", "content": [{"text": "t"}, {"toolUse": {"toolUseId": "c", "name": "f", "input": {"a": 1}}}]}]}),
            vec![json!({"role": "assistant", "parts": [{"type": "text", "content": "t"}, call]})],
        ),
    ];
    for (name, body, messages) in cases {
        assert_eq!(input::read(&body).input, messages, "{name}");
    }
}

#[test]
fn media_stay_outside() {
    let image = |part: Value| {
        input::read(&json!({"messages": [{"role": "user", "content": [part]}]})).input[0]["parts"][0].clone()
    };
    let blob = json!({"type": "blob", "modality": "image", "mime_type": "image/png", "content": "", "encoded_length": 8, "digest": "fnv1a64:fccfd2d1559a2c71"});
    let cases = [
        (
            "OpenAI",
            json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}}),
        ),
        (
            "Anthropic",
            json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGVsbG8="}}),
        ),
        (
            "Gemini",
            json!({"inlineData": {"mimeType": "image/png", "data": "aGVsbG8="}}),
        ),
        (
            "Bedrock",
            json!({"image": {"format": "png", "source": {"bytes": "aGVsbG8="}}}),
        ),
    ];
    for (name, part) in cases {
        let seen = image(part);
        assert!(!seen.to_string().contains("aGVsbG8="), "{name}: {seen}");
        let mut seen = seen;
        let digest = seen["digest"].take();
        let mut expected = blob.clone();
        expected["digest"].take();
        assert_eq!(seen, expected, "{name}");
        assert!(
            digest.as_str().is_some_and(|digest| digest.len() == 24),
            "{name}: {digest}"
        );
    }
    let elsewhere = [
        (
            "a file",
            json!({"type": "input_file", "file_data": "data:application/pdf;base64,aGVsbG8="}),
            "document",
        ),
        (
            "a file in chat",
            json!({"type": "file", "file": {"file_data": "data:application/pdf;base64,aGVsbG8="}}),
            "document",
        ),
        (
            "a sound",
            json!({"type": "input_audio", "input_audio": {"format": "wav", "data": "aGVsbG8="}}),
            "audio",
        ),
        (
            "Mistral's sound",
            json!({"type": "input_audio", "input_audio": "aGVsbG8="}),
            "audio",
        ),
        (
            "Mistral's document",
            json!({"type": "document_url", "document_url": "data:application/pdf;base64,aGVsbG8="}),
            "document",
        ),
        (
            "Gemini's, as Python writes it",
            json!({"inline_data": {"mime_type": "video/mp4", "data": "aGVsbG8="}}),
            "video",
        ),
        ("a text", json!("data:image/png;base64,aGVsbG8="), "image"),
    ];
    for (name, part, modality) in elsewhere {
        let seen = image(part);
        assert!(!seen.to_string().contains("aGVsbG8="), "{name}: {seen}");
        let outside = (&seen["type"], &seen["modality"], &seen["encoded_length"]);
        assert_eq!(outside, (&json!("blob"), &json!(modality), &json!(8)), "{name}");
    }
    let message = json!({"messages": [{"role": "user", "content": "t", "images": ["aGVsbG8="]}]});
    let seen = input::read(&message).input[0]["parts"][1].take();
    assert_eq!(
        (&seen["modality"], &seen["encoded_length"]),
        (&json!("image"), &json!(8)),
        "Ollama: {seen}"
    );
    let by_address = image(json!({"type": "image_url", "image_url": {"url": "https://x.test/i.png"}}));
    assert_eq!(
        by_address,
        json!({"type": "uri", "modality": "image", "uri": "https://x.test/i.png"}),
        "an address"
    );
}

/// What tools take and give used to be recorded as it is, encoded images and all.
#[test]
fn media_of_tools_stay_outside() {
    let image =
        json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGVsbG8="}});
    let address = "data:image/png;base64,aGVsbG8=";
    let cases = [
        (
            "Anthropic",
            json!({"type": "tool_result", "tool_use_id": "c", "content": [{"type": "text", "text": "t"}, image]}),
        ),
        (
            "Responses",
            json!({"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "t"}, {"type": "input_image", "image_url": address}]}),
        ),
        (
            "Bedrock",
            json!({"toolResult": {"toolUseId": "c", "content": [{"text": "t"}, {"image": {"format": "png", "source": {"bytes": "aGVsbG8="}}}]}}),
        ),
        (
            "Gemini",
            json!({"functionResponse": {"id": "c", "response": {"text": "t", "image": {"inlineData": {"mimeType": "image/png", "data": "aGVsbG8="}}}}}),
        ),
        (
            "MCP",
            json!({"type": "tool_result", "content": [{"text": "t"}, {"type": "image", "mimeType": "image/png", "data": "aGVsbG8="}]}),
        ),
        (
            "MCP's resource",
            json!({"type": "tool_result", "content": [{"text": "t"}, {"resource": {"mimeType": "image/png", "blob": "aGVsbG8="}}]}),
        ),
        (
            "an argument",
            json!({"type": "tool_use", "name": "f", "input": {"text": "t", "image": address}}),
        ),
    ];
    for (name, part) in cases {
        let seen = input::read(&json!({"messages": [{"role": "user", "content": [part]}]})).input;
        let seen = json!(seen).to_string();
        assert!(!seen.contains("aGVsbG8="), "{name}: {seen}");
        assert!(seen.contains(r#""encoded_length":8"#), "{name}: {seen}");
        assert!(seen.contains(r#""text":"t""#), "{name}: the rest stays: {seen}");
    }
    let by_tool = json!({"role": "tool", "tool_call_id": "c", "content": [{"type": "image_url", "image_url": {"url": address}}]});
    let seen = json!(input::read(&json!({"messages": [by_tool]})).input).to_string();
    assert!(!seen.contains("aGVsbG8="), "OpenAI: {seen}");
    let plain = json!({"data": "d", "text": "data: {}, ;base64,"});
    let call = json!({"messages": [{"role": "assistant", "content": [{"type": "tool_use", "name": "f", "input": plain}]}]});
    assert_eq!(
        input::read(&call).input[0]["parts"][0]["arguments"],
        plain,
        "what is no medium"
    );
}

#[test]
fn instructions_and_tools() {
    let content = input::read(&json!({
        "system": [{"type": "text", "text": "s"}],
        "tools": [
            {"type": "function", "function": {"name": "f", "description": "secret", "parameters": {}}},
            {"functionDeclarations": [{"name": "g"}]},
            {"type": "web_search"},
            {"googleSearch": {}},
            {"type": "function", "function": {}},
        ],
    }));
    assert_eq!(
        content.system_instructions,
        [json!({"type": "text", "content": "s"})],
        "instructions"
    );
    let tools = [
        json!({"type": "function", "name": "f"}),
        json!({"type": "function", "name": "g"}),
        json!({"type": "web_search", "name": "web_search"}),
        json!({"type": "googleSearch", "name": "googleSearch"}),
    ];
    assert_eq!(content.tools, tools, "tools");
}

#[test]
fn an_answer_in_pieces() {
    let mut answer = Answer::new(10_000);
    let path = "choices[].delta.tool_calls[].function.";
    answer.piece(0, Channel::Reasoning, "r", "hm");
    answer.piece(0, Channel::Content, "c", "a");
    answer.piece(1, Channel::Content, "c", "other");
    answer.piece(0, Channel::Content, "c", "b");
    answer.begin(0, Channel::ToolCall, &format!("{path}name"));
    answer.piece(0, Channel::ToolCall, &format!("{path}name"), "f");
    answer.piece(0, Channel::ToolCall, &format!("{path}arguments"), "{\"a\"");
    answer.piece(0, Channel::ToolCall, &format!("{path}arguments"), ":1}");
    answer.begin(0, Channel::ToolCall, "content[].name");
    answer.piece(0, Channel::ToolCall, "content[].name", "g");
    answer.begin(0, Channel::ToolCall, "content[1].input.name");
    answer.piece(0, Channel::ToolCall, "content[1].input.name", "Os");
    answer.piece(0, Channel::ToolCall, "content[1].input.name", "lo");
    answer.argument(0, "content[1].input.days[0].count", Scalar::Number("2"));
    answer.begin(0, Channel::ToolCall, "content[1].input.note");
    let expected = [
        json!({"role": "assistant", "finish_reason": "stop", "parts": [
            {"type": "reasoning", "content": "hm"},
            {"type": "text", "content": "ab"},
            {"type": "tool_call", "name": "f", "arguments": {"a": 1}},
            {"type": "tool_call", "name": "g", "arguments": {"name": "Oslo", "days": [{"count": 2}], "note": ""}},
        ]}),
        json!({"role": "assistant", "finish_reason": "error", "parts": [{"type": "text", "content": "other"}]}),
    ];
    assert_eq!(answer.into_messages([Some("stop"), None].into_iter()), expected);
}
