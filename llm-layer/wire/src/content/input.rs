//! A request's content in the conventions' schema, whatever the provider's.
//!
//! <https://github.com/open-telemetry/semantic-conventions-genai/tree/main/docs/gen-ai>

use serde_json::{Value, json};

use super::media::{blob, encoded, media, without_media};
use super::text::Text;
use super::{Content, Document, DocumentReader};
use crate::json::StrictScanner;

/// Reads a request.
pub(super) fn read(body: &Document) -> Content {
    let instructions = [
        "system",
        "instructions",
        "systemInstruction",
        "system_instruction",
        "preamble",
    ];
    let conversation = [
        "messages",
        "chat_history",
        "contents",
        "input",
        "inputs",
        "message",
        "prompt",
        "inputText",
    ];
    let definitions = body.items_of("tools").chain(body.items_of("functions"));
    let bedrock = body.pointer("/toolConfig/tools").into_iter();
    let definitions = definitions.chain(bedrock.flat_map(Document::items));
    Content {
        system_instructions: instructions
            .iter()
            .filter_map(|key| body.get(key))
            .flat_map(|value| parts(value.get("parts").unwrap_or(value)))
            .collect(),
        input: conversation
            .iter()
            .filter_map(|key| body.get(key))
            .flat_map(messages)
            .collect(),
        output: Vec::new(),
        tools: definitions.flat_map(tools).collect(),
    }
}

/// Messages, or the one that a bare text is.
fn messages(value: &Document) -> Vec<Value> {
    match value.as_array() {
        Some(messages) => messages.iter().map(message).collect(),
        None => vec![json!({"role": "user", "parts": parts(value)})],
    }
}

fn message(message: &Document) -> Value {
    let role = match message.string("role") {
        Some(role) => role.to_ascii_lowercase(),
        None => role_of(message.string("type").unwrap_or_default()).to_owned(),
    };
    let content = ["content", "parts", "message"]
        .iter()
        .find_map(|key| message.get(key));
    let content = content.unwrap_or(message);
    let mut all = match message.string("tool_call_id") {
        Some(id) => vec![json!({"type": "tool_call_response", "id": id, "response": without_media(content)})],
        None if content.is_null() => Vec::new(),
        None => parts(content),
    };
    let images = message.items_of("images").filter_map(Document::as_text);
    all.extend(images.map(|image| blob("image", image.digest(false))));
    all.extend(message.items_of("tool_calls").flat_map(parts));
    match message.string("name").filter(|_| message.get("role").is_some()) {
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
fn parts(content: &Document) -> Vec<Value> {
    if let Some(text) = content.as_text() {
        return vec![encoded(text).unwrap_or_else(|| json!({"type": "text", "content": content.to_value()}))];
    }
    match content.as_array() {
        Some(parts) => parts.iter().flat_map(self::parts).collect(),
        None if content.is_object() => vec![part(content)],
        None => Vec::new(),
    }
}

fn part(part: &Document) -> Value {
    let kind = part.string("type").unwrap_or_default();
    let text = ["text", "refusal"]
        .iter()
        .find_map(|key| part.get(key).filter(|text| text.as_text().is_some()));
    if let Some(text) = text {
        let is_thought = part.get("thought").and_then(Document::as_bool) == Some(true);
        let kind = if is_thought { "reasoning" } else { "text" };
        return json!({"type": kind, "content": text.to_value()});
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
fn thought(part: &Document) -> Option<Value> {
    let text = part.get("thinking").filter(|text| text.as_text().is_some());
    let text = text.or_else(|| part.pointer("/reasoningContent/reasoningText/text"));
    let summary = || {
        let lines: Vec<&str> = part
            .items_of("summary")
            .filter_map(|text| text.string("text"))
            .collect();
        (!lines.is_empty()).then(|| lines.join("\n").into())
    };
    let text = text.filter(|text| text.as_text().is_some());
    text.map(Document::to_value).or_else(summary)
}

fn tool_call(part: &Document, kind: &str) -> Option<Value> {
    let call = ["function", "functionCall", "toolUse"]
        .iter()
        .find_map(|key| part.get(key));
    if call.is_none() && !matches!(kind, "tool_use" | "function_call" | "custom_tool_call") {
        return None;
    }
    let call = call.unwrap_or(part);
    let id = ["id", "call_id", "toolUseId"]
        .iter()
        .find_map(|key| part.get(key).or_else(|| call.get(key)));
    let arguments = ["arguments", "args", "input"]
        .iter()
        .find_map(|key| call.get(key));
    let arguments = match arguments.map(|arguments| (arguments, arguments.as_text())) {
        Some((arguments, Some(text))) => parse(text).unwrap_or_else(|| arguments.to_value()),
        Some((arguments, None)) => without_media(arguments),
        None => Value::Null,
    };
    let (id, name) = (
        id.map(Document::to_value),
        call.get("name").map(Document::to_value),
    );
    Some(json!({"type": "tool_call", "id": id, "name": name, "arguments": arguments}))
}

/// Arguments that are JSON in a string.
fn parse(text: &Text) -> Option<Value> {
    if text.is_cut() {
        return None;
    }
    let mut reader = DocumentReader::new(text.as_str().len().max(MIN_ARGUMENT_LIMIT));
    let mut scanner = StrictScanner::new();
    scanner.feed(text.as_str().as_bytes(), &mut reader).ok()?;
    scanner.finish(&mut reader).ok()?;
    Some(reader.finish().to_value())
}

/// The bytes that arguments may have in any case: see [`DocumentReader::new`].
const MIN_ARGUMENT_LIMIT: usize = 16 * 1024;

fn tool_response(part: &Document, kind: &str) -> Option<Value> {
    let response = ["functionResponse", "toolResult"]
        .iter()
        .find_map(|key| part.get(key));
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
        .find_map(|key| response.get(key));
    let result = ["response", "output", "content", "result"]
        .iter()
        .find_map(|key| response.get(key));
    let (id, result) = (id.map(Document::to_value), result.map(without_media));
    Some(json!({"type": "tool_call_response", "id": id, "response": result}))
}

/// Tools by type and name: the conventions advise against more. A provider's own tool, such as `web_search`,
/// has one word for both: its type, or in Gemini's requests the member that it stands in.
fn tools(tool: &Document) -> Vec<Value> {
    let declared: Vec<Value> = tool.items_of("functionDeclarations").flat_map(tools).collect();
    if !declared.is_empty() {
        return declared;
    }
    let function = ["function", "toolSpec"]
        .iter()
        .find_map(|key| tool.get(key))
        .unwrap_or(tool);
    match (function.string("name"), tool.string("type")) {
        (Some(name), kind) => vec![json!({"type": kind.unwrap_or("function"), "name": name})],
        (None, Some("function")) => Vec::new(),
        (None, Some(kind)) => vec![json!({"type": kind, "name": kind})],
        // Gemini's own tools are members: `{"googleSearch": {}}`.
        (None, None) => tool
            .members()
            .map(|(kind, _)| kind)
            .filter(|kind| *kind != "functionDeclarations")
            .map(|kind| json!({"type": kind, "name": kind}))
            .collect(),
    }
}
