//! Cuts content to size without breaking its JSON.
//!
//! The values are shortened, not the serialised text, so the result is always valid JSON. Each part is an
//! attribute with a limit of its own. First each text is cut to the limit of one text. While the part is
//! still too large, that limit is halved, down to [`MIN_TEXT_BYTES`], so that many short texts survive rather
//! than few long ones, and the number of passes is logarithmic. If that is not enough, the oldest messages
//! are dropped, since the latest ones explain the answer.

use serde_core::ser::Serialize;
use serde_json::Value;
use throughline_llm_wire::cut;

use super::Limits;

/// Shortens the texts of each part, then drops its oldest messages, until it fits the limits.
pub(super) fn truncate(parts: [&mut Vec<Value>; 4], limits: Limits) {
    for part in parts {
        let mut text = limits.text;
        part.iter_mut().for_each(|value| shorten(value, text));
        let mut size = size(&*part);
        while size > limits.total && text > MIN_TEXT_BYTES {
            text /= 2;
            part.iter_mut().for_each(|value| shorten(value, text));
            size = self::size(&*part);
        }
        if size > limits.total {
            drop_oldest(part, size, limits.total);
        }
    }
}

/// Drops as many of the first values as needed, in one pass: to measure the remaining values again after each
/// one would be quadratic.
fn drop_oldest(part: &mut Vec<Value>, mut size: usize, total: usize) {
    let mut dropped = 0;
    for value in &*part {
        if size <= total {
            break;
        }
        // With its comma. The last value has none, but after it the part is empty anyway.
        size = size.saturating_sub(self::size(value) + 1);
        dropped += 1;
    }
    part.drain(..dropped);
}

/// Cuts the strings of a value, each at a character boundary.
fn shorten(value: &mut Value, limit: usize) {
    match value {
        Value::String(text) if text.len() > limit => {
            text.truncate(cut::at_char_boundary(text, limit).len());
            text.push('…');
        }
        Value::Array(items) => items.iter_mut().for_each(|item| shorten(item, limit)),
        Value::Object(members) => members.values_mut().for_each(|member| shorten(member, limit)),
        _ => {}
    }
}

/// Returns the length of a part, or of a value in it, as JSON, in bytes.
fn size<T: Serialize + ?Sized>(value: &T) -> usize {
    let mut count = Count(0);
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

struct Count(usize);

impl std::io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Texts are not cut to less than this; then messages are dropped.
const MIN_TEXT_BYTES: usize = 64;
