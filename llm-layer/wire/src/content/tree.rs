//! Values that are put into a document one by one, by their path in it.

use super::Document;
use super::document::{Node, VALUE_BYTES};
use super::text::Text;

/// The longest array, so that no position makes room for more than came.
const MAX_ARRAY_LEN: usize = 1024;

impl Document {
    /// Returns the value at a path such as `places[1].name`, which is made if it is not there yet. About how
    /// many bytes that takes is added to `made`.
    pub(super) fn slot(&mut self, path: &str, made: &mut usize) -> Option<&mut Self> {
        let mut at = self;
        for segment in path.split('.') {
            let (key, positions) = segment.split_once('[').unwrap_or((segment, ""));
            at = at.member_slot(key, made)?;
            for position in positions.split('[').filter(|position| !position.is_empty()) {
                let position: usize = position.strip_suffix(']')?.parse().ok()?;
                at = at.element_slot(position, made)?;
            }
        }
        Some(at)
    }

    fn member_slot(&mut self, key: &str, made: &mut usize) -> Option<&mut Self> {
        if !self.is_object() {
            self.0 = Node::Object(Vec::new());
            *made += super::document::OBJECT_BYTES;
        }
        let Node::Object(members) = &mut self.0 else {
            return None;
        };
        let at = members.iter().position(|(name, _)| **name == *key);
        let at = at.unwrap_or_else(|| {
            *made += key.len() + VALUE_BYTES;
            members.push((key.into(), Self::default()));
            members.len() - 1
        });
        members.get_mut(at).map(|(_, member)| member)
    }

    fn element_slot(&mut self, position: usize, made: &mut usize) -> Option<&mut Self> {
        if position >= MAX_ARRAY_LEN {
            return None;
        }
        if self.as_array().is_none() {
            self.0 = Node::Array(Vec::new());
        }
        let Node::Array(items) = &mut self.0 else {
            return None;
        };
        *made += (position + 1).saturating_sub(items.len()) * VALUE_BYTES;
        items.resize_with(items.len().max(position + 1), Self::default);
        items.get_mut(position)
    }

    /// Appends a piece to a text, of which at most `limit` bytes are kept. Any other value is replaced.
    pub(super) fn push_text(&mut self, piece: &str, limit: usize) {
        if !matches!(self.0, Node::Text(_)) {
            self.0 = Node::Text(Text::default());
        }
        if let Node::Text(text) = &mut self.0 {
            text.push(piece, limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::document::Node;
    use super::Document;

    #[test]
    fn trees() {
        let mut tree = Document::default();
        let mut put = |path: &str, node: Option<Node>| {
            if let (Some(slot), Some(node)) = (tree.slot(path, &mut 0), node) {
                *slot = Document(node);
            }
        };
        put("count", Some(Node::Number(3.into())));
        put("tags[1]", Some(Node::Bool(true)));
        put("tags[0]", Some(Node::Bool(false)));
        put("grid[0][1].x", None);
        put("tags[4096]", Some(Node::Bool(true)));
        put("odd[key", Some(Node::Bool(true)));
        for piece in ["Os", "lo"] {
            if let Some(slot) = tree.slot("place.name", &mut 0) {
                slot.push_text(piece, 100);
            }
        }
        let expected = json!({
            "count": 3,
            "tags": [false, true],
            "grid": [[null, {"x": null}]],
            "odd": null,
            "place": {"name": "Oslo"},
        });
        assert_eq!(tree.to_value(), expected, "as it was sent");
    }

    #[test]
    fn what_is_made_is_paid_for() {
        let mut tree = Document::default();
        let deep = "a.".repeat(100) + "a";
        let mut made = 0;
        assert!(tree.slot(&deep, &mut made).is_some(), "a hundred objects");
        assert!(made > 100 * 128, "a hundred objects take {made} bytes");
        let mut again = 0;
        assert!(tree.slot(&deep, &mut again).is_some(), "that are there now");
        assert_eq!(again, 0, "nothing was made");
        assert!(tree.slot("b[1000]", &mut again).is_some(), "a thousand elements");
        assert!(again > 1000 * 16, "a thousand elements take {again} bytes");
    }
}
