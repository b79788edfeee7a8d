//! The arguments of a call of a tool, and its id.

use serde_json::{Value, json};

use super::media::without_media;
use super::text::Text;
use super::{Document, DocumentReader};
use crate::json::StrictScanner;

/// Adds the id of a call or of a result, if it has one.
pub(super) fn with_id(part: Value, id: Option<&Document>) -> Value {
    with_text(part, "id", id)
}

/// Adds the id of the call to a result, or the name of the tool, by which some APIs join result and call.
pub(super) fn with_id_or_name(part: Value, id: Option<&Document>, name: Option<&Document>) -> Value {
    match id {
        Some(_) => with_id(part, id),
        None => with_text(part, "name", name),
    }
}

fn with_text(mut part: Value, key: &str, text: Option<&Document>) -> Value {
    let text = text.filter(|text| text.as_text().is_some());
    if let (Some(text), Some(members)) = (text, part.as_object_mut()) {
        members.insert(key.to_owned(), text.to_value());
    }
    part
}

/// Arguments: an object, or its JSON in a string.
pub(super) fn parsed(arguments: &Document) -> Value {
    match arguments.as_text() {
        Some(text) if text.as_str().trim().is_empty() => json!({}),
        Some(text) => parse(text).unwrap_or_else(|| arguments.to_value()),
        None => without_media(arguments),
    }
}

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
