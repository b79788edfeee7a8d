//! Cuts content to size, so that it stays what it is: JSON.

use serde_core::ser::Serialize;
use serde_json::Value;
use throughline_llm_wire::cut;

use super::Limits;

/// Cuts every text to the limit of one text, then all texts shorter and shorter until the whole fits; what
/// still does not fit loses its oldest messages.
pub(super) fn truncate(parts: [&mut Vec<Value>; 4], limits: Limits) {
    for part in parts {
        let mut text = limits.text;
        part.iter_mut().for_each(|value| shorten(value, text));
        let mut size = size(&*part);
        while size > limits.total && text > SHORTEST {
            text /= 2;
            part.iter_mut().for_each(|value| shorten(value, text));
            size = self::size(&*part);
        }
        if size > limits.total {
            drop_oldest(part, size, limits.total);
        }
    }
}

/// Drops as many of the first values as it takes, in one go: to measure the rest again for each would be
/// quadratic.
fn drop_oldest(part: &mut Vec<Value>, mut size: usize, total: usize) {
    let mut dropped = 0;
    for value in &*part {
        if size <= total {
            break;
        }
        // With its comma; the last one has none, and then nothing is left.
        size = size.saturating_sub(self::size(value) + 1);
        dropped += 1;
    }
    part.drain(..dropped);
}

/// Cuts the strings of a value, at a character's boundary.
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

/// The length of a part, or a value in it, as JSON, in bytes.
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

const SHORTEST: usize = 64;
