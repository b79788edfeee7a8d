//! Cuts JSON to size.
//!
//! The values are shortened, not the serialised text, so the result is always valid JSON. First each text is
//! cut to the limit of one text. While the whole is too large, that limit is halved, down to
//! [`MIN_TEXT_BYTES`], so that many short texts remain rather than few long ones, and the number of passes is
//! logarithmic. If that is not enough, the last members and items are dropped.

use serde_json::{Map, Value};
use throughline_tracing_layer::limits::truncate;

/// Cuts a value until its JSON has at most `total` bytes, and its texts at most `text`.
pub(super) fn shrink(value: &mut Value, total: usize, mut text: usize) {
    shorten_texts(value, text);
    while json_bytes(value) > total && text > MIN_TEXT_BYTES {
        text /= 2;
        shorten_texts(value, text);
    }
    if json_bytes(value) > total {
        *value = prune(std::mem::take(value), &mut { total });
    }
}

/// Drops the last items and members of containers, so that the rest takes at most `room` bytes. Takes them
/// from `room`.
fn prune(value: Value, room: &mut usize) -> Value {
    let bytes = json_bytes(&value);
    if bytes <= *room {
        *room -= bytes;
        return value;
    }
    match value {
        Value::Array(items) => {
            *room = room.saturating_sub(BRACKETS);
            let mut pruned = Vec::new();
            for item in items {
                if *room < COMMA + NULL {
                    break;
                }
                *room -= COMMA;
                pruned.push(prune(item, room));
            }
            pruned.into()
        }
        Value::Object(members) => {
            *room = room.saturating_sub(BRACKETS);
            let mut pruned = Map::new();
            for (name, member) in members {
                let key = COMMA + json_bytes(name.as_str()) + COLON;
                if *room < key + NULL {
                    break;
                }
                *room -= key;
                pruned.insert(name, prune(member, room));
            }
            pruned.into()
        }
        _ => {
            *room = room.saturating_sub(NULL);
            Value::Null
        }
    }
}

/// Cuts the strings of a value to `limit` bytes and an ellipsis, each at a character boundary.
pub fn shorten_texts(value: &mut Value, limit: usize) {
    match value {
        Value::String(text) if text.len() > limit => {
            text.truncate(truncate(text, limit).len());
            text.push('…');
        }
        Value::Array(items) => items.iter_mut().for_each(|item| shorten_texts(item, limit)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|member| shorten_texts(member, limit)),
        _ => {}
    }
}

/// Returns the length of a value as JSON, in bytes.
pub fn json_bytes<T: serde_core::Serialize + ?Sized>(value: &T) -> usize {
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

/// Texts are not cut to less than this; then items and members are dropped.
const MIN_TEXT_BYTES: usize = 64;

/// The bytes of `[]`, `,`, `:` and `null`.
const BRACKETS: usize = 2;
const COMMA: usize = 1;
const COLON: usize = 1;
const NULL: usize = 4;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shrunk(mut value: Value, total: usize, text: usize) -> Value {
        shrink(&mut value, total, text);
        assert!(
            json_bytes(&value) <= total,
            "{} of {total} bytes: {value}",
            json_bytes(&value)
        );
        value
    }

    #[test]
    fn texts_are_cut_before_items_are_dropped() {
        let items: Vec<String> = (0..20).map(|_| "é".repeat(500)).collect();
        let cut = shrunk(json!({"texts": items}), 4000, 700);
        let items = cut["texts"].as_array().expect("an array");
        assert_eq!(items.len(), 20, "all texts remain");
        assert!(
            items
                .iter()
                .all(|text| text.as_str().is_some_and(|text| text.ends_with("é…"))),
            "{cut}"
        );
    }

    #[test]
    fn the_last_items_and_members_are_dropped() {
        let numbers: Vec<u32> = (0..1000).collect();
        let object: Map<String, Value> = (0..1000)
            .map(|index| (format!("{index:03}"), json!(index)))
            .collect();
        assert_eq!(shrunk(json!(numbers), 14, 64), json!([0, 1, 2, 3]), "an array");
        assert_eq!(
            shrunk(object.clone().into(), 21, 64),
            json!({"000": 0, "001": 1}),
            "an object"
        );
        let nested = shrunk(json!({"a": [[1, 2], [3, 4]], "b": object, "c": 1}), 100, 64);
        assert_eq!(
            nested["a"],
            json!([[1, 2], [3, 4]]),
            "what comes first remains whole"
        );
        assert_eq!(nested["b"]["000"], json!(0), "what is too large is cut: {nested}");
        assert_eq!(
            nested["b"]["999"],
            Value::Null,
            "without the last members: {nested}"
        );
    }

    #[test]
    fn every_limit_holds() {
        let value =
            json!([{"name": "x".repeat(100), "values": [1.5, true, null, "y"]}, [[[[]]]], 123_456_789, {}]);
        for total in 4..400 {
            shrunk(value.clone(), total, 80);
        }
    }
}
