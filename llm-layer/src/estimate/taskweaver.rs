//! What the counter `prompt_size` counts, and TaskWeaver's way of counting.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Encoding, Segmented};

/// What the counter `prompt_size` counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PromptSizeMode {
    /// What the provider reports; where it does not, an estimate.
    #[default]
    Usage,
    /// What TaskWeaver counted, for old dashboards to go on: the prompt's messages and tools as JSON, and the text of the
    /// answer, with `cl100k_base`, the vocabulary of its default model. It is about 40 % more than what is billed.
    TaskWeaver,
}

/// The vocabulary of TaskWeaver's default model.
pub(crate) fn encoding() -> Encoding {
    Encoding::of_model("gpt-4")
}

/// The size of a prompt as TaskWeaver counts it.
pub(crate) fn prompt_size(body: &Value) -> Option<u64> {
    let mut size = 0;
    for key in ["messages", "tools"] {
        let Some(part) = body.get(key) else { continue };
        let mut counter = Segmented::new(encoding());
        counter.push(&dumps(part));
        size += counter.finish()?.tokens;
    }
    Some(size)
}

/// A prompt as TaskWeaver writes it on its spans.
pub(crate) fn prompt(body: &Value) -> Option<String> {
    body.get("messages").or_else(|| body.get("prompt")).map(dumps)
}

/// `json.dumps` of Python, with its defaults: a space behind commas and colons, nothing but ASCII.
pub(crate) fn dumps(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::String(string) => quoted(string, text),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index > 0 { ", " } else { "" });
                write(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            for (index, (key, member)) in members.iter().enumerate() {
                text.push_str(if index > 0 { ", " } else { "" });
                quoted(key, text);
                text.push_str(": ");
                write(member, text);
            }
            text.push('}');
        }
        other => {
            let _ = write!(text, "{other}");
        }
    }
}

fn quoted(string: &str, text: &mut String) {
    text.push('"');
    for unit in string.encode_utf16() {
        match u8::try_from(unit).map(char::from) {
            Ok('"') => text.push_str("\\\""),
            Ok('\\') => text.push_str("\\\\"),
            Ok('\n') => text.push_str("\\n"),
            Ok('\r') => text.push_str("\\r"),
            Ok('\t') => text.push_str("\\t"),
            Ok('\u{8}') => text.push_str("\\b"),
            Ok('\u{c}') => text.push_str("\\f"),
            Ok(character @ ' '..='~') => text.push(character),
            _ => {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text.push('"');
}
