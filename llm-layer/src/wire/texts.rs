//! The texts of a prompt whose formula nobody published.

use serde_json::Value;

use super::ask::{items, member, string};
use crate::estimate::Prompt;

/// Counts what the model reads of a value: every string but ids, types, addresses and encoded media.
pub(crate) fn count(value: Option<&Value>, prompt: &mut Prompt) {
    match value {
        Some(Value::String(text)) => prompt.text(text),
        Some(Value::Array(parts)) => parts.iter().for_each(|part| count(Some(part), prompt)),
        Some(Value::Object(members)) => members
            .iter()
            .filter(|(key, _)| !UNREAD.contains(&key.as_str()))
            .for_each(|(_, member)| count(Some(member), prompt)),
        _ => {}
    }
}

/// Counts a text, or an array of texts, of tokens, or of arrays of tokens: numbers are tokens already.
pub(crate) fn count_or_tokens(value: Option<&Value>, prompt: &mut Prompt) {
    let tokens = |value: &Value| u64::from(value.is_number());
    for one in items(value) {
        prompt.add(tokens(one) + items(Some(one)).map(tokens).sum::<u64>());
    }
    count(value, prompt);
}

/// Counts messages, or the user's one that a bare text is.
pub(crate) fn input(value: Option<&Value>, prompt: &mut Prompt) {
    match value {
        Some(Value::Array(_)) => messages(value, prompt),
        _ => said("user", value, prompt),
    }
}

/// Counts a message of this role, if there is one.
pub(crate) fn said(role: &str, value: Option<&Value>, prompt: &mut Prompt) {
    if value.is_some() {
        prompt.message();
        prompt.text(role);
        count(value, prompt);
    }
}

/// Counts messages: each with its texts and what frames it.
pub(crate) fn messages(messages: Option<&Value>, prompt: &mut Prompt) {
    for message in items(messages) {
        prompt.message();
        count(Some(message), prompt);
    }
}

/// Counts tool definitions: `name`, `description` and a schema under one of the keys that providers use.
pub(crate) fn tools<'a>(tools: impl Iterator<Item = &'a Value>, prompt: &mut Prompt) {
    for tool in tools {
        let tool = ["function", "toolSpec"]
            .iter()
            .find_map(|key| tool.get(*key))
            .unwrap_or(tool);
        let schema = ["parameters", "input_schema", "parametersJsonSchema"]
            .iter()
            .find_map(|key| tool.get(*key));
        prompt.function(
            string(tool, "name").unwrap_or_default(),
            string(tool, "description").unwrap_or_default(),
            schema.or_else(|| member(tool, "/inputSchema/json")),
        );
    }
}

const UNREAD: &[&str] = &[
    "bytes",
    "cache_control",
    "cachePoint",
    "data",
    "fileUri",
    "file_data",
    "file_id",
    "format",
    "id",
    "image_url",
    "images",
    "media_type",
    "mimeType",
    "mime_type",
    "signature",
    "thoughtSignature",
    "toolUseId",
    "tool_call_id",
    "tool_use_id",
    "type",
    "uri",
    "url",
];
