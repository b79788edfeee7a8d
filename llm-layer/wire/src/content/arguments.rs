//! The arguments of a call of a tool, and its id.

use serde_json::{Value, json};

use super::media::without_media;
use super::text::Text;
use super::{Document, DocumentReader};
use crate::json::StrictScanner;

/// Adds the id of a call or of a result, if it has one.
pub(super) fn with_id(mut part: Value, id: Option<&Document>) -> Value {
    if let (Some(id), Some(members)) = (id.filter(|id| id.as_text().is_some()), part.as_object_mut()) {
        members.insert("id".to_owned(), id.to_value());
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
