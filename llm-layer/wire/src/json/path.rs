//! Where in a document a value stands.

use std::fmt;

/// The path of a value, such as `choices[].delta.content`, with the positions of its arrays apart.
///
/// An array at the root adds nothing to the path: its elements are read as documents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path {
    text: String,
    positions: Vec<u32>,
    /// Where the key begins that was entered last.
    key: usize,
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

    /// The position in the innermost array of the path, from 0; 0 where there is none.
    pub(crate) fn last_position(&self) -> u32 {
        self.positions.last().copied().unwrap_or(0)
    }

    /// Returns the key of the value in its object, or nothing for an element of an array.
    #[must_use]
    pub fn key(&self) -> &str {
        // A key that was left again begins behind the end of the path, or at it where the key is empty.
        self.text.get(self.key..).unwrap_or_default()
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

    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self {
            text: String::with_capacity(bytes),
            positions: Vec::with_capacity(4),
            key: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.positions.clear();
        self.key = 0;
    }

    /// Goes back to what the path was at `len`.
    pub(super) fn truncate(&mut self, len: usize) {
        self.text.truncate(len);
    }

    pub(super) fn enter_key(&mut self, key: &str) {
        if !self.text.is_empty() {
            self.text.push('.');
        }
        self.key = self.text.len();
        self.text.push_str(key);
    }

    pub(super) fn enter_array(&mut self) {
        self.text.push_str("[]");
        self.key = self.text.len();
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
