//! Where in a document a value stands.

use std::fmt;

/// The path of a value, such as `choices[].delta.content`, with the positions of its arrays apart.
///
/// An array at the root adds nothing to the path: its elements are read as documents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path {
    text: String,
    positions: Vec<u32>,
}

impl Path {
    /// The path as text, each array shown as `[]`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The position in the `depth`th array of the path, from 0; 0 where there is none.
    #[must_use]
    pub fn position(&self, depth: usize) -> u32 {
        self.positions.get(depth).copied().unwrap_or(0)
    }

    /// The path with the positions of its arrays in it: `choices[0].delta.content`.
    pub(crate) fn indexed(&self) -> String {
        let mut positions = self.positions.iter();
        let mut parts = self.text.split("[]");
        let mut indexed = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let position = positions.next().copied().unwrap_or(0);
            indexed.push_str(&format!("[{position}]{part}"));
        }
        indexed
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.positions.clear();
    }

    /// Goes back to what the path was at `len`.
    pub(super) fn truncate(&mut self, len: usize) {
        self.text.truncate(len);
    }

    pub(super) fn enter_key(&mut self, key: &str) {
        if !self.text.is_empty() {
            self.text.push('.');
        }
        self.text.push_str(key);
    }

    pub(super) fn enter_array(&mut self) {
        self.text.push_str("[]");
        self.positions.push(0);
    }

    pub(super) fn next_element(&mut self) {
        if let Some(position) = self.positions.last_mut() {
            *position = position.saturating_add(1);
        }
    }

    pub(super) fn leave_array(&mut self) {
        self.positions.pop();
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
