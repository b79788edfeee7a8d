//! The messages of a conversation, in the schema of the GenAI conventions and in the forms of other
//! instrumentations.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use serde::Serialize;
use serde_json::{Value, json};

use crate::value;

#[derive(Debug, Serialize)]
pub(crate) struct Message {
    role: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finish_reason: Option<String>,
    source: Source,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Source {
    Instructions,
    Input,
    Output,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part {
    Text {
        text: String,
    },
    Reasoning {
        text: String,
    },
    ToolCall {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        name: String,
        arguments: Value,
    },
    ToolResult {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        result: Value,
    },
    Media {
        modality: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        mime_type: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        digest: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        bytes: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        uri: Option<String>,
    },
    Other {
        json: Value,
    },
}

impl Message {
    /// Reads `gen_ai.system_instructions`: a list of parts.
    pub(crate) fn instructions(list: &Value) -> Option<Self> {
        let parts = parts(list);
        (!parts.is_empty()).then(|| Self {
            role: "system".to_owned(),
            name: None,
            finish_reason: None,
            source: Source::Instructions,
            parts,
        })
    }

    /// Reads a list of messages. What is no list is one message.
    pub(crate) fn list(list: &Value, source: Source) -> Vec<Self> {
        match list {
            Value::Array(messages) => messages
                .iter()
                .map(|message| Self::new(message, source))
                .collect(),
            other => vec![Self::new(other, source)],
        }
    }

    fn new(message: &Value, source: Source) -> Self {
        let text = |key: &str| message.get(key).and_then(Value::as_str).map(str::to_owned);
        let content = message.get("parts").or_else(|| message.get("content"));
        let mut found = match content {
            Some(content) => parts(content),
            None if message.is_string() => parts(message),
            None => Vec::new(),
        };
        // The form of the providers' own APIs.
        for call in message
            .get("tool_calls")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            found.push(tool_call(call));
        }
        let role = text("role").unwrap_or_else(|| default_role(source).to_owned());
        if role == "tool"
            && let Some(id) = text("tool_call_id")
        {
            let result = content.cloned().unwrap_or_default();
            found = vec![Part::ToolResult { id: Some(id), result }];
        }
        if found.is_empty() && message.is_object() && content.is_none() {
            found.push(Part::Other {
                json: message.clone(),
            });
        }
        Self {
            role,
            name: text("name"),
            finish_reason: text("finish_reason"),
            source,
            parts: found,
        }
    }

    /// Reads messages that are flattened into attributes, such as `gen_ai.prompt.0.role` or
    /// `llm.input_messages.0.message.content`.
    pub(crate) fn flattened(attributes: &[KeyValue], prefixes: &[&str], source: Source) -> Vec<Self> {
        let mut messages: BTreeMap<usize, Value> = BTreeMap::new();
        for attribute in attributes {
            let Some(path) = prefixes
                .iter()
                .find_map(|prefix| attribute.key.strip_prefix(prefix))
            else {
                continue;
            };
            let Some((index, field)) = path.split_once('.') else {
                continue;
            };
            let Ok(index) = index.parse::<usize>() else {
                continue;
            };
            if messages.len() >= MAX_FLAT_MESSAGES && !messages.contains_key(&index) {
                continue;
            }
            let field = field.strip_prefix("message.").unwrap_or(field);
            let message = messages.entry(index).or_insert_with(|| json!({}));
            set_flattened(message, field, value::attribute_to_json(attribute));
        }
        messages
            .values()
            .map(|message| Self::new(message, source))
            .collect()
    }
}

/// Sets a field of a flattened message: `content`, or a field of a tool call, such as
/// `tool_calls.0.tool_call.function.name`.
fn set_flattened(message: &mut Value, field: &str, content: Value) {
    let Some(rest) = field.strip_prefix("tool_calls.") else {
        if let Some(message) = message.as_object_mut() {
            message.insert(field.to_owned(), content);
        }
        return;
    };
    let Some((index, name)) = rest.split_once('.') else {
        return;
    };
    let Ok(index) = index.parse::<usize>() else { return };
    let name = name.strip_prefix("tool_call.").unwrap_or(name);
    let name = name.strip_prefix("function.").unwrap_or(name);
    let Some(message) = message.as_object_mut() else {
        return;
    };
    let calls = message.entry("tool_calls").or_insert_with(|| json!([]));
    let Some(calls) = calls.as_array_mut().filter(|_| index < MAX_FLAT_MESSAGES) else {
        return;
    };
    while calls.len() <= index {
        calls.push(json!({}));
    }
    if let Some(call) = calls.get_mut(index).and_then(Value::as_object_mut) {
        call.insert(name.to_owned(), content);
    }
}

fn default_role(source: Source) -> &'static str {
    match source {
        Source::Instructions => "system",
        Source::Input => "user",
        Source::Output => "assistant",
    }
}

fn parts(content: &Value) -> Vec<Part> {
    match content {
        Value::Null => Vec::new(),
        Value::String(text) => vec![Part::Text { text: text.clone() }],
        Value::Array(parts) => parts.iter().map(part).collect(),
        other => vec![part(other)],
    }
}

/// Reads a part by its type. What is not understood is shown as JSON.
fn part(part: &Value) -> Part {
    let text = |keys: &[&str]| {
        keys.iter()
            .find_map(|key| part.get(key)?.as_str())
            .map(str::to_owned)
    };
    let other = || Part::Other { json: part.clone() };
    if let Value::String(text) = part {
        return Part::Text { text: text.clone() };
    }
    match part.get("type").and_then(Value::as_str).unwrap_or_default() {
        "text" | "input_text" | "output_text" => {
            text(&["content", "text"]).map_or_else(other, |text| Part::Text { text })
        }
        "reasoning" | "thinking" => {
            text(&["content", "text", "thinking"]).map_or_else(other, |text| Part::Reasoning { text })
        }
        "tool_call" | "function" | "server_tool_call" | "tool_use" => tool_call(part),
        "tool_call_response" | "server_tool_call_response" | "tool_result" => Part::ToolResult {
            id: text(&["id", "tool_use_id"]),
            result: ["response", "result", "server_tool_call_response", "content"]
                .iter()
                .find_map(|key| part.get(key))
                .cloned()
                .unwrap_or_default(),
        },
        "blob" | "uri" | "file" | "image" | "audio" | "video" => media(part),
        _ => other(),
    }
}

fn tool_call(call: &Value) -> Part {
    let function = call
        .get("function")
        .filter(|function| function.is_object())
        .unwrap_or(call);
    let field = |keys: &[&str]| {
        keys.iter()
            .find_map(|key| function.get(key).or_else(|| call.get(key)))
            .cloned()
    };
    let arguments = field(&["arguments", "server_tool_call", "input"]).unwrap_or_default();
    Part::ToolCall {
        id: call.get("id").and_then(Value::as_str).map(str::to_owned),
        name: field(&["name"])
            .as_ref()
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        arguments: match &arguments {
            Value::String(text) => serde_json::from_str(text).unwrap_or(arguments),
            _ => arguments,
        },
    }
}

/// Reads media. Embedded content is described by its size; it is not passed on.
fn media(part: &Value) -> Part {
    let text = |keys: &[&str]| {
        keys.iter()
            .find_map(|key| part.get(key)?.as_str())
            .map(str::to_owned)
    };
    let content = part.get("content").and_then(Value::as_str);
    let kind = part.get("type").and_then(Value::as_str).unwrap_or_default();
    let modality = match kind {
        "image" | "audio" | "video" => Some(kind.to_owned()),
        _ => text(&["modality"]),
    };
    Part::Media {
        modality: modality.unwrap_or_else(|| "unknown".to_owned()),
        mime_type: text(&["mime_type"]),
        digest: text(&["digest"]),
        // The length of base64 is recorded instead of the content, or it is that of the content.
        bytes: part
            .get("encoded_length")
            .and_then(Value::as_u64)
            .or_else(|| content.map(|content| content.len() as u64))
            .map(|encoded| encoded / 4 * 3),
        uri: text(&["uri", "file_id"]),
    }
}

/// The maximum number of flattened messages, and of tool calls of one.
const MAX_FLAT_MESSAGES: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(messages: &[Message]) -> Value {
        serde_json::to_value(messages).expect("messages are JSON")
    }

    #[test]
    fn messages_of_the_conventions() {
        let list = json!([
            {"role": "user", "parts": [{"type": "text", "content": "Weather?"}, {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "", "encoded_length": 400, "digest": "fnv1a64:ab"}]},
            {"role": "assistant", "finish_reason": "tool_call", "parts": [
                {"type": "reasoning", "content": "hm"},
                {"type": "tool_call", "id": "1", "name": "weather", "arguments": {"city": "Paris"}},
                {"type": "new", "x": 1}]},
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "1", "response": "rain"}]},
        ]);
        let expected = json!([
            {"role": "user", "source": "input", "parts": [{"type": "text", "text": "Weather?"},
                {"type": "media", "modality": "image", "mime_type": "image/png", "digest": "fnv1a64:ab", "bytes": 300}]},
            {"role": "assistant", "finish_reason": "tool_call", "source": "input", "parts": [
                {"type": "reasoning", "text": "hm"},
                {"type": "tool_call", "id": "1", "name": "weather", "arguments": {"city": "Paris"}},
                {"type": "other", "json": {"type": "new", "x": 1}}]},
            {"role": "tool", "source": "input", "parts": [{"type": "tool_result", "id": "1", "result": "rain"}]},
        ]);
        assert_eq!(
            shown(&Message::list(&list, Source::Input)),
            expected,
            "each part by its type"
        );
    }

    #[test]
    fn messages_of_other_forms() {
        let list = json!([
            {"role": "assistant", "content": null, "tool_calls": [{"id": "7", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}}]},
            {"role": "tool", "tool_call_id": "7", "content": "ok"},
            "plain",
        ]);
        let expected = json!([
            {"role": "assistant", "source": "output", "parts": [{"type": "tool_call", "id": "7", "name": "f", "arguments": {"a": 1}}]},
            {"role": "tool", "source": "output", "parts": [{"type": "tool_result", "id": "7", "result": "ok"}]},
            {"role": "assistant", "source": "output", "parts": [{"type": "text", "text": "plain"}]},
        ]);
        assert_eq!(
            shown(&Message::list(&list, Source::Output)),
            expected,
            "the forms of the APIs"
        );
    }

    #[test]
    fn flattened_messages() {
        use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value};
        let attribute = |key: &str, text: &str| KeyValue {
            key: key.to_owned(),
            value: Some(AnyValue {
                value: Some(any_value::Value::StringValue(text.to_owned())),
            }),
            ..KeyValue::default()
        };
        let attributes = [
            attribute("llm.input_messages.1.message.content", "second"),
            attribute("llm.input_messages.0.message.role", "system"),
            attribute("llm.input_messages.0.message.content", "first"),
            attribute(
                "llm.input_messages.1.message.tool_calls.0.tool_call.function.name",
                "f",
            ),
            attribute(
                "llm.input_messages.1.message.tool_calls.99999999.tool_call.function.name",
                "far",
            ),
            attribute("llm.input_messages.x.message.content", "no number"),
        ];
        let expected = json!([
            {"role": "system", "source": "input", "parts": [{"type": "text", "text": "first"}]},
            {"role": "user", "source": "input", "parts": [{"type": "text", "text": "second"},
                {"type": "tool_call", "name": "f", "arguments": null}]},
        ]);
        let messages = Message::flattened(&attributes, &["llm.input_messages."], Source::Input);
        assert_eq!(shown(&messages), expected, "by index");
    }
}
