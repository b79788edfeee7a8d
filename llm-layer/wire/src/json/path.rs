//! The place of a value in a document.

use std::fmt;

/// The path of a value, such as `choices[].delta.content`, and the positions in its arrays.
///
/// An array at the root is not part of the path, since its elements are read as documents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path {
    text: String,
    positions: Vec<u32>,
    /// The offset of the last key.
    key: usize,
}

impl Path {
    /// Returns the path as text, each array as `[]`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the position in the `depth`th array of the path, from 0. Returns 0 if there is no such array.
    #[must_use]
    pub fn position(&self, depth: usize) -> u32 {
        self.positions.get(depth).copied().unwrap_or(0)
    }

    /// Returns the position in the innermost array of the path, from 0. Returns 0 if there is no array.
    pub(crate) fn last_position(&self) -> u32 {
        self.positions.last().copied().unwrap_or(0)
    }

    /// Returns whether the value is a member of the root. Also `false` for some paths that do not lead to a value.
    #[inline]
    pub(crate) fn is_member_of_root(&self) -> bool {
        self.key == 0
    }

    /// Returns whether each array of the path is at its first element.
    pub(crate) fn is_in_first_elements(&self) -> bool {
        self.positions.iter().all(|position| *position == 0)
    }

    /// Returns the key of the value in its object. Empty for an element of an array.
    #[must_use]
    pub fn key(&self) -> &str {
        // After the path was truncated, the last key may begin after its end.
        self.text.get(self.key..).unwrap_or_default()
    }

    /// Returns the path with the positions of its arrays: `choices[0].delta.content`.
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

    /// Returns the same in two parts: of the first `length` bytes of the path, and of the rest.
    pub(crate) fn indexed_at(&self, length: usize) -> (String, String) {
        let (container, _) = self.text.split_at_checked(length).unwrap_or((&self.text, ""));
        let arrays = container.matches("[]").count();
        let indexed = self.indexed();
        // The positions make the container longer.
        let positions = self.positions.iter().take(arrays);
        let digits: usize = positions.map(|position| position.to_string().len()).sum();
        let (container, member) = indexed
            .split_at_checked(length + digits)
            .unwrap_or((&indexed, ""));
        (container.to_owned(), member.to_owned())
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

    /// Truncates the path to `len` bytes.
    pub(super) fn truncate(&mut self, len: usize) {
        self.text.truncate(len);
    }

    pub(crate) fn enter_key(&mut self, key: &str) {
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
