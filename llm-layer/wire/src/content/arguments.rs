//! The arguments of a tool call that come as an object and not as its JSON, put together from the values in
//! it.

use serde_json::Value;

/// The arguments, as far as they came.
#[derive(Debug, Clone, Default)]
pub(super) struct Arguments {
    tree: Value,
}

impl Arguments {
    /// The longest array, so that no position makes room for more than came.
    const MAX_ARRAY_LEN: usize = 1024;

    /// What an object takes with its first member, in values: the node of a tree.
    const OBJECT_VALUES: usize = 16;

    /// Puts a value where `member` says, such as `places[1].name`; gives back about how many bytes that took.
    pub(super) fn put(&mut self, member: &str, value: Value) -> usize {
        let mut made = 1;
        if let Some(place) = find(&mut self.tree, member, &mut made) {
            *place = value;
        }
        member.len() + made * size_of::<Value>()
    }

    /// Appends to the text at this place.
    pub(super) fn append(&mut self, member: &str, piece: &str) {
        if let Some(Value::String(text)) = find(&mut self.tree, member, &mut 0) {
            text.push_str(piece);
        }
    }

    pub(super) fn into_value(self) -> Value {
        match self.tree {
            Value::Null => Value::Object(serde_json::Map::new()),
            tree => tree,
        }
    }
}

/// The place of a member, made if it is not there yet; `made` counts what was made on the way, in values.
fn find<'a>(tree: &'a mut Value, member: &str, made: &mut usize) -> Option<&'a mut Value> {
    let mut at = tree;
    for segment in member.split('.') {
        let (key, positions) = segment.split_once('[').unwrap_or((segment, ""));
        if !at.is_object() {
            *at = Value::Object(serde_json::Map::new());
            *made += Arguments::OBJECT_VALUES;
        }
        at = at.as_object_mut()?.entry(key).or_insert(Value::Null);
        for position in positions.split('[').filter(|position| !position.is_empty()) {
            let position: usize = position.strip_suffix(']')?.parse().ok()?;
            if !at.is_array() {
                *at = Value::Array(Vec::new());
            }
            let array = at.as_array_mut()?;
            if position >= Arguments::MAX_ARRAY_LEN {
                return None;
            }
            *made += (position + 1).saturating_sub(array.len());
            array.resize(array.len().max(position + 1), Value::Null);
            at = array.get_mut(position)?;
        }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Arguments;

    #[test]
    fn trees() {
        let mut arguments = Arguments::default();
        for (member, value) in [
            ("count", json!(3)),
            ("place.name", json!("Os")),
            ("tags[1]", json!(true)),
            ("tags[0]", json!("a")),
            ("grid[0][1].x", json!(null)),
            ("tags[4096]", json!("far away")),
            ("odd[key", json!(1)),
        ] {
            arguments.put(member, value);
        }
        arguments.append("place.name", "lo");
        arguments.append("count", "no text");
        let expected = json!({
            "count": 3,
            "place": {"name": "Oslo"},
            "tags": ["a", true],
            "grid": [[null, {"x": null}]],
            "odd": null,
        });
        assert_eq!(arguments.into_value(), expected, "as it was sent");
        assert_eq!(Arguments::default().into_value(), json!({}), "nothing came");
    }

    #[test]
    fn what_is_made_is_paid_for() {
        let mut arguments = Arguments::default();
        let deep = "a.".repeat(100) + "a";
        assert!(arguments.put(&deep, json!(1)) > 100 * 512, "a hundred objects");
        assert!(arguments.put(&deep, json!(2)) < 512, "that are there now");
        assert!(
            arguments.put("b[1000]", json!(1)) > 1000 * 16,
            "a thousand elements"
        );
    }
}
