//! Calls of tools that the provider runs itself, and their results.
//!
//! | provider | call | result |
//! |---|---|---|
//! | Anthropic | `server_tool_use`, `mcp_tool_use` | `…_tool_result` |
//! | OpenAI Responses | `web_search_call`, `mcp_call`, `code_interpreter_call`, … | in the call |
//! | Gemini | `executableCode` | `codeExecutionResult` |
//!
//! A call of Responses with a `call_id` is for the client to run, such as `local_shell_call`, and so a tool
//! call.

use serde_json::{Map, Value, json};

use super::Document;
use super::arguments::{parsed, with_id};
use super::media::{blob, without_media};

/// Returns the parts of a call or a result; none if it is neither.
pub(super) fn parts(part: &Document, kind: &str) -> Vec<Value> {
    if let Some(code) = part.get("executableCode") {
        return vec![call(
            part.get("id"),
            "code_execution",
            "code_execution",
            without_media(code),
        )];
    }
    if let Some(result) = part.get("codeExecutionResult") {
        return vec![response(
            part.get("id"),
            "code_execution_result",
            without_media(result),
        )];
    }
    if kind == "server_tool_use" {
        let name = part.string("name").unwrap_or(kind);
        let input = part.get("input").map(parsed).unwrap_or_default();
        return vec![call(part.get("id"), name, name, input)];
    }
    if let Some(tool) = kind.strip_suffix("_tool_use") {
        return vec![call(
            part.get("id"),
            part.string("name").unwrap_or(tool),
            tool,
            others(part),
        )];
    }
    if kind.ends_with("_tool_result") {
        return vec![response(part.get("tool_use_id"), kind, others(part))];
    }
    let is_function = matches!(kind, "function_call" | "custom_tool_call" | "tool_call");
    match kind.strip_suffix("_call").filter(|_| !is_function) {
        Some(tool) if part.get("call_id").is_some() => {
            let arguments = part.get("action").or_else(|| part.get("operation"));
            let arguments = arguments.map(without_media).unwrap_or_default();
            let call = json!({"type": "tool_call", "name": tool, "arguments": arguments});
            vec![with_id(call, part.get("call_id"))]
        }
        Some(tool) => hosted(part, kind, tool),
        None => Vec::new(),
    }
}

/// A call of Responses, with its result if it has one.
fn hosted(part: &Document, kind: &str, tool: &str) -> Vec<Value> {
    let mut members = match others(part) {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    members.remove("status");
    members.remove("error");
    let results: Map<_, _> = ["output", "outputs", "results", "result"]
        .iter()
        .filter_map(|key| members.remove_entry(*key))
        .filter(|(_, result)| !result.is_null())
        .collect();
    if let Some(Value::Object(action)) = members.remove("action") {
        members.extend(action.into_iter().filter(|(key, _)| key != "type"));
    }
    let name = part.string("name").unwrap_or(tool);
    let mut parts = vec![call(part.get("id"), name, tool, members.into())];
    if !results.is_empty() {
        let image = part.get("result").and_then(Document::as_text);
        let results = match image.filter(|_| tool == "image_generation") {
            Some(image) => json!({"result": blob("image", image.digest(false))}),
            None => results.into(),
        };
        parts.push(response(part.get("id"), kind, results));
    }
    parts
}

/// The members of a part apart from those that have their own place.
fn others(part: &Document) -> Value {
    let members = part.members();
    let others =
        members.filter(|(key, _)| !matches!(*key, "type" | "id" | "name" | "tool_use_id" | "cache_control"));
    let value = |(key, value): (&str, &Document)| {
        let value = match key {
            "arguments" | "input" => parsed(value),
            _ => without_media(value),
        };
        (key.to_owned(), value)
    };
    Value::Object(others.map(value).collect())
}

fn call(id: Option<&Document>, name: &str, tool: &str, members: Value) -> Value {
    let body = typed(tool, members);
    with_id(
        json!({"type": "server_tool_call", "name": name, "server_tool_call": body}),
        id,
    )
}

fn response(id: Option<&Document>, kind: &str, members: Value) -> Value {
    let body = typed(kind, members);
    with_id(
        json!({"type": "server_tool_call_response", "server_tool_call_response": body}),
        id,
    )
}

/// An object with a member `type`, as the schema wants it.
fn typed(kind: &str, members: Value) -> Value {
    let mut body = match members {
        Value::Object(members) => members,
        Value::Null => Map::new(),
        other => Map::from_iter([("input".to_owned(), other)]),
    };
    body.insert("type".to_owned(), kind.into());
    Value::Object(body)
}
