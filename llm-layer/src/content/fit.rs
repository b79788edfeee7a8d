//! Cuts content to size, so that it stays what it is: JSON.

use serde_json::Value;

use super::Limits;

/// Cuts every text to the limit of one text, then all texts shorter and shorter until the whole fits; what still does
/// not fit loses its oldest messages.
pub(super) fn fit(parts: [&mut Vec<Value>; 4], limits: Limits) {
    let mut text = limits.text;
    for part in parts {
        part.iter_mut().for_each(|value| cut(value, text));
        let mut size = size(part);
        while size > limits.total && text > SHORTEST {
            text /= 2;
            part.iter_mut().for_each(|value| cut(value, text));
            size = self::size(part);
        }
        while size > limits.total && !part.is_empty() {
            part.remove(0);
            size = self::size(part);
        }
        text = limits.text;
    }
}

/// Cuts the strings of a value, at a character's boundary.
fn cut(value: &mut Value, limit: usize) {
    match value {
        Value::String(text) if text.len() > limit => {
            let end = (0..=limit)
                .rev()
                .find(|end| text.is_char_boundary(*end))
                .unwrap_or(0);
            text.truncate(end);
            text.push('…');
        }
        Value::Array(items) => items.iter_mut().for_each(|item| cut(item, limit)),
        Value::Object(members) => members.values_mut().for_each(|member| cut(member, limit)),
        _ => {}
    }
}

/// The length of a part as JSON, in bytes.
fn size(part: &[Value]) -> usize {
    let mut count = Count(0);
    let _ = serde_json::to_writer(&mut count, part);
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
