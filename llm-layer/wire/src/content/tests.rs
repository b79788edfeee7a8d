//! Content of every shape.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::{Content, Document, DocumentReader};
use crate::formats::Format;
use crate::json::StrictScanner;
use crate::response_reader::ResponseReader;

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

fn read(body: &Value) -> Content {
    Content::from_request(&document(body))
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
                json!({"role": "assistant", "parts": [{"type": "reasoning", "content": "h"}, {"type": "text", "content": "t"}, call]}),
            ],
        ),
        (
            "a result of Gemini's, which has no id",
            json!({"contents": [{"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"r": 1}}}]}]}),
            vec![
                json!({"role": "user", "parts": [{"type": "tool_call_response", "name": "f", "response": {"r": 1}}]}),
            ],
        ),
        (
            "a result of Ollama's",
            json!({"messages": [{"role": "tool", "tool_name": "f", "content": "r"}]}),
            vec![
                json!({"role": "tool", "parts": [{"type": "tool_call_response", "name": "f", "response": "r"}]}),
            ],
        ),
        (
            "thoughts beside the content",
            json!({"messages": [{"role": "assistant", "reasoning_content": "h", "content": "t"}]}),
            vec![
                json!({"role": "assistant", "parts": [{"type": "reasoning", "content": "h"}, {"type": "text", "content": "t"}]}),
            ],
        ),
        (
            "Cohere",
            json!({"messages": [{"role": "assistant", "tool_plan": "h", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}}]}]}),
            vec![json!({"role": "assistant", "parts": [{"type": "reasoning", "content": "h"}, call]})],
        ),
        (
            "what holds other parts",
            json!({"messages": [{"role": "user", "content": [
                {"type": "search_result", "source": "https://s.test", "title": "s", "content": [{"type": "text", "text": "t"}]},
                {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "u"}},
                {"guardContent": {"text": {"text": "v"}}},
                {"cachePoint": {"type": "default"}},
            ]}]}),
            vec![json!({"role": "user", "parts": [
                {"type": "text", "content": "t"},
                {"type": "text", "content": "u"},
                {"type": "text", "content": "v"},
                {"type": "cachePoint"},
            ]})],
        ),
        (
            "Bedrock",
            json!({"messages": [{"role": "assistant", "content": [{"text": "t"}, {"toolUse": {"toolUseId": "c", "name": "f", "input": {"a": 1}}}]}]}),
            vec![json!({"role": "assistant", "parts": [{"type": "text", "content": "t"}, call]})],
        ),
    ];
    for (name, body, messages) in cases {
        assert_eq!(read(&body).input, messages, "{name}");
    }
}

#[test]
fn media_stay_outside() {
    let image = |part: Value| {
        read(&json!({"messages": [{"role": "user", "content": [part]}]})).input[0]["parts"][0].clone()
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
    let seen = read(&message).input[0]["parts"][1].take();
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
    let by_id = image(json!({"type": "image", "source": {"type": "file", "file_id": "file_1"}}));
    assert_eq!(
        by_id,
        json!({"type": "file", "modality": "image", "file_id": "file_1"}),
        "Anthropic's files"
    );
    let stored =
        image(json!({"video": {"format": "mp4", "source": {"s3Location": {"uri": "s3://bucket/key"}}}}));
    assert_eq!(
        stored,
        json!({"type": "uri", "modality": "video", "uri": "s3://bucket/key"}),
        "Bedrock's storage"
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
        let seen = read(&json!({"messages": [{"role": "user", "content": [part]}]})).input;
        let seen = json!(seen).to_string();
        assert!(!seen.contains("aGVsbG8="), "{name}: {seen}");
        assert!(seen.contains(r#""encoded_length":8"#), "{name}: {seen}");
        assert!(seen.contains(r#""text":"t""#), "{name}: the rest stays: {seen}");
    }
    let by_tool = json!({"role": "tool", "tool_call_id": "c", "content": [{"type": "image_url", "image_url": {"url": address}}]});
    let seen = json!(read(&json!({"messages": [by_tool]})).input).to_string();
    assert!(!seen.contains("aGVsbG8="), "OpenAI: {seen}");
    let plain = json!({"data": "d", "text": "data: {}, ;base64,"});
    let call = json!({"messages": [{"role": "assistant", "content": [{"type": "tool_use", "name": "f", "input": plain}]}]});
    assert_eq!(
        read(&call).input[0]["parts"][0]["arguments"],
        plain,
        "what is no medium"
    );
}

#[test]
fn instructions_and_tools() {
    let content = read(&json!({
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

/// The captured answer of a response, fed byte by byte.
fn answer(format: Format, content_type: &'static str, body: &str) -> Vec<Value> {
    let mut reader = ResponseReader::new(format.into()).with_capture(10_000);
    let content_type = HeaderValue::from_static(content_type);
    reader.read_head(&HeaderMap::from_iter([(CONTENT_TYPE, content_type)]));
    for byte in body.as_bytes() {
        reader.feed(&[*byte], |_| ());
    }
    reader.finish(|_| ());
    let answer = reader.take_answer().expect("it is captured");
    answer.into_messages(reader.reply().finish_reasons(1))
}

fn message(finish: &str, parts: Value) -> Value {
    json!({"role": "assistant", "finish_reason": finish, "parts": parts})
}

/// A message of an answer that has no finish reason.
fn unfinished(parts: Value) -> Value {
    json!({"role": "assistant", "parts": parts})
}

#[test]
fn an_answer_with_interleaved_tool_calls() {
    let chunk = |delta: Value| format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": delta}]}));
    let body = [
        chunk(json!({"reasoning_content": "hm"})),
        chunk(json!({"content": "a"})),
        chunk(json!({"content": "b"})),
        chunk(
            json!({"tool_calls": [{"index": 0, "id": "c0", "type": "function", "function": {"name": "f", "arguments": ""}}]}),
        ),
        chunk(
            json!({"tool_calls": [{"index": 1, "id": "c1", "type": "function", "function": {"name": "g", "arguments": "{}"}}]}),
        ),
        chunk(json!({"tool_calls": [{"index": 0, "function": {"arguments": "{\"a\""}}]})),
        chunk(json!({"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]})),
        "data: [DONE]\n\n".to_owned(),
    ];
    let expected = unfinished(json!([
        {"type": "reasoning", "content": "hm"},
        {"type": "text", "content": "ab"},
        {"type": "tool_call", "id": "c0", "name": "f", "arguments": {"a": 1}},
        {"type": "tool_call", "id": "c1", "name": "g", "arguments": {}},
    ]));
    let messages = answer(Format::OpenAiChat, "text/event-stream", &body.concat());
    assert_eq!(messages, std::slice::from_ref(&expected), "interleaved by index");
    let in_order = [
        &body[..4],
        &[chunk(
            json!({"tool_calls": [{"function": {"arguments": "{\"a\":1}"}}]}),
        )],
        &body[4..5],
    ];
    let messages = answer(
        Format::OpenAiChat,
        "text/event-stream",
        &in_order.concat().concat(),
    );
    assert_eq!(messages, [expected], "a piece without an index");
}

#[test]
fn an_answer_with_arguments_as_an_object() {
    let body = json!({"content": [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "tool_use", "id": "t", "name": "f", "input": {"name": "Os", "days": [{"count": 2}], "note": ""}},
        {"type": "text", "text": "done"},
    ], "stop_reason": "end_turn"});
    let expected = message(
        "end_turn",
        json!([
            {"type": "reasoning", "content": "hm"},
            {"type": "tool_call", "id": "t", "name": "f", "arguments": {"name": "Os", "days": [{"count": 2}], "note": ""}},
            {"type": "text", "content": "done"},
        ]),
    );
    let messages = answer(Format::Anthropic, "application/json", &body.to_string());
    assert_eq!(messages, [expected], "whole");
}

#[test]
fn an_item_that_comes_twice() {
    let events = [
        r#"{"type":"response.output_item.added","item":{"type":"function_call","id":"fc","call_id":"c","name":"f","arguments":""}}"#,
        r#"{"type":"response.function_call_arguments.delta","item_id":"fc","delta":"{\"a\":1}"}"#,
        r#"{"type":"response.output_item.done","item":{"type":"function_call","id":"fc","call_id":"c","name":"f","arguments":"{\"a\":1}"}}"#,
    ];
    let body = events.map(|event| format!("data: {event}\n\n"));
    let call = json!([{"type": "tool_call", "id": "c", "name": "f", "arguments": {"a": 1}}]);
    let messages = answer(Format::OpenAiResponses, "text/event-stream", &body.concat());
    assert_eq!(messages, [unfinished(call.clone())], "begun and done");
    let messages = answer(
        Format::OpenAiResponses,
        "text/event-stream",
        &body.concat()[..body[0].len() + body[1].len()],
    );
    assert_eq!(messages, [unfinished(call)], "broken off");
}

#[test]
fn media_of_an_answer_stay_outside() {
    let data = "QUJD".repeat(1000);
    let body = json!({"candidates": [{"content": {"parts": [{"inlineData": {"mimeType": "audio/wav", "data": data}}]}}]});
    let messages = answer(Format::Gemini, "application/json", &body.to_string());
    let part = &messages[0]["parts"][0];
    let outside = (&part["type"], &part["mime_type"], &part["encoded_length"]);
    assert_eq!(
        outside,
        (&json!("blob"), &json!("audio/wav"), &json!(4000)),
        "{part}"
    );
}
