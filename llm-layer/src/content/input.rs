//! A request's content in the conventions' schema, whatever the provider's.
//!
//! <https://github.com/open-telemetry/semantic-conventions-genai/tree/main/docs/gen-ai>

use serde_json::{Value, json};

use super::Content;
use super::media::{blob, encoded, media, without_media};
use crate::wire::{items, string};

/// Reads a request.
pub(super) fn read(body: &Value) -> Content {
    let instructions = [
        "system",
        "instructions",
        "systemInstruction",
        "system_instruction",
        "preamble",
    ];
    let said = [
        "messages",
        "chat_history",
        "contents",
        "input",
        "inputs",
        "message",
        "prompt",
        "inputText",
    ];
    let definitions = items(body.get("tools")).chain(items(body.get("functions")));
    let definitions = definitions.chain(items(body.pointer("/toolConfig/tools")));
    Content {
        system_instructions: instructions
            .iter()
            .filter_map(|key| body.get(*key))
            .flat_map(|value| parts(value.get("parts").unwrap_or(value)))
            .collect(),
        input: said
            .iter()
            .filter_map(|key| body.get(*key))
            .flat_map(messages)
            .collect(),
        output: Vec::new(),
        tools: definitions.flat_map(tools).collect(),
    }
}

/// Messages, or the one that a bare text is.
fn messages(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(messages) => messages.iter().map(message).collect(),
        other => vec![json!({"role": "user", "parts": parts(other)})],
    }
}

fn message(message: &Value) -> Value {
    let role = match string(message, "role") {
        Some(role) => role.to_ascii_lowercase(),
        None => role_of(string(message, "type").unwrap_or_default()).to_owned(),
    };
    let content = ["content", "parts", "message"]
        .iter()
        .find_map(|key| message.get(*key));
    let content = content.unwrap_or(message);
    let mut all = match string(message, "tool_call_id") {
        Some(id) => vec![json!({"type": "tool_call_response", "id": id, "response": without_media(content)})],
        None if content.is_null() => Vec::new(),
        None => parts(content),
    };
    let images = items(message.get("images")).filter_map(Value::as_str);
    all.extend(images.map(|image| blob("image", image)));
    all.extend(items(message.get("tool_calls")).flat_map(parts));
    match string(message, "name").filter(|_| message.get("role").is_some()) {
        Some(name) => json!({"role": role, "parts": all, "name": name}),
        None => json!({"role": role, "parts": all}),
    }
}

/// Who says an item that names no role.
fn role_of(kind: &str) -> &'static str {
    match kind {
        "reasoning" | "thought" | "model_output" => "assistant",
        kind if kind.ends_with("_call") => "assistant",
        kind if kind.ends_with("_output") || kind == "function_result" => "tool",
        _ => "user",
    }
}

/// The parts that a content is made of.
fn parts(content: &Value) -> Vec<Value> {
    match content {
        Value::String(text) => {
            vec![encoded(text).unwrap_or_else(|| json!({"type": "text", "content": text}))]
        }
        Value::Array(parts) => parts.iter().flat_map(self::parts).collect(),
        Value::Object(_) => vec![part(content)],
        _ => Vec::new(),
    }
}

fn part(part: &Value) -> Value {
    let kind = string(part, "type").unwrap_or_default();
    if let Some(text) = string(part, "text").or_else(|| string(part, "refusal")) {
        let is_thought = part.get("thought").and_then(Value::as_bool) == Some(true);
        return json!({"type": if is_thought { "reasoning" } else { "text" }, "content": text});
    }
    if let Some(text) = thought(part) {
        return json!({"type": "reasoning", "content": text});
    }
    tool_call(part, kind)
        .or_else(|| tool_response(part, kind))
        .or_else(|| media(part, kind))
        .unwrap_or_else(|| json!({"type": if kind.is_empty() { "unknown" } else { kind }}))
}

/// What a part says that is a thought, or a summary of some.
fn thought(part: &Value) -> Option<String> {
    let text =
        string(part, "thinking").or_else(|| part.pointer("/reasoningContent/reasoningText/text")?.as_str());
    let summary = || {
        let texts: Vec<&str> = items(part.get("summary"))
            .filter_map(|text| string(text, "text"))
            .collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    };
    text.map(str::to_owned).or_else(summary)
}

fn tool_call(part: &Value, kind: &str) -> Option<Value> {
    let call = ["function", "functionCall", "toolUse"]
        .iter()
        .find_map(|key| part.get(*key));
    if call.is_none() && !matches!(kind, "tool_use" | "function_call" | "custom_tool_call") {
        return None;
    }
    let call = call.unwrap_or(part);
    let id = ["id", "call_id", "toolUseId"]
        .iter()
        .find_map(|key| part.get(*key).or_else(|| call.get(*key)));
    let arguments = ["arguments", "args", "input"]
        .iter()
        .find_map(|key| call.get(*key));
    let arguments = match arguments {
        Some(Value::String(text)) => {
            serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))
        }
        other => other.map(without_media).unwrap_or_default(),
    };
    Some(json!({"type": "tool_call", "id": id, "name": call.get("name"), "arguments": arguments}))
}

fn tool_response(part: &Value, kind: &str) -> Option<Value> {
    let response = ["functionResponse", "toolResult"]
        .iter()
        .find_map(|key| part.get(*key));
    let kinds = [
        "tool_result",
        "function_call_output",
        "custom_tool_call_output",
        "function_result",
    ];
    if response.is_none() && !kinds.contains(&kind) {
        return None;
    }
    let response = response.unwrap_or(part);
    let id = ["id", "call_id", "tool_use_id", "toolUseId"]
        .iter()
        .find_map(|key| response.get(*key));
    let said = ["response", "output", "content", "result"]
        .iter()
        .find_map(|key| response.get(*key));
    let said = said.map(without_media);
    Some(json!({"type": "tool_call_response", "id": id, "response": said}))
}

/// Tools by type and name: the conventions advise against more. A provider's own tool, such as `web_search`, has one word
/// for both: its type, or in Gemini's requests the member that it stands in.
fn tools(tool: &Value) -> Vec<Value> {
    let declared: Vec<Value> = items(tool.get("functionDeclarations")).flat_map(tools).collect();
    if !declared.is_empty() {
        return declared;
    }
    let function = ["function", "toolSpec"]
        .iter()
        .find_map(|key| tool.get(*key))
        .unwrap_or(tool);
    match (string(function, "name"), string(tool, "type")) {
        (Some(name), kind) => vec![json!({"type": kind.unwrap_or("function"), "name": name})],
        (None, Some("function")) => Vec::new(),
        (None, Some(kind)) => vec![json!({"type": kind, "name": kind})],
        // Gemini's own tools are members: `{"googleSearch": {}}`.
        (None, None) => tool
            .as_object()
            .into_iter()
            .flat_map(|tool| tool.keys())
            .filter(|kind| *kind != "functionDeclarations")
            .map(|kind| json!({"type": kind, "name": kind}))
            .collect(),
    }
}
