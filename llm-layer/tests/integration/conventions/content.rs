//! The schemas of messages, of parts and of tools.

use serde_json::Value as Json;

/// The attributes that have a schema.
pub(super) const CONTENT: [&str; 4] = [
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.tool.definitions",
];

/// Panics unless it is JSON of the schema that the conventions have for this attribute.
pub(super) fn check_json(case: &str, key: &str, text: &str) {
    let json: Json =
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{case}: {key}: {error}: {text}"));
    let items = json.as_array().expect("a list");
    let is_valid = items.iter().all(|item| match key {
        "gen_ai.system_instructions" => is_part(item),
        "gen_ai.tool.definitions" => {
            item["type"].is_string() && (item["type"] != "function" || item["name"].is_string())
        }
        _ => {
            item["role"].is_string()
                && item["parts"]
                    .as_array()
                    .is_some_and(|parts| parts.iter().all(is_part))
        }
    });
    assert!(is_valid, "{case}: {key} is not of its schema: {text}");
}

/// Whether a part of a message has what its type requires.
fn is_part(part: &Json) -> bool {
    let text = |key: &str| part[key].is_string();
    match part["type"].as_str() {
        Some("text" | "reasoning") => text("content"),
        Some("tool_call") => text("name"),
        Some("tool_call_response") => part.get("response").is_some(),
        // The medium itself is left out; the schema admits that.
        Some("blob") => text("modality"),
        Some("file") => text("modality") && text("file_id"),
        Some("uri") => text("modality") && text("uri") && !part["uri"].to_string().starts_with("\"data:"),
        other => other.is_some(),
    }
}
