//! The attributes of one measurement, on the stack: it costs no allocation.

use std::array;

use opentelemetry::{KeyValue, Value};

/// Up to eight attributes; there is no ninth.
#[derive(Debug, Clone)]
pub struct Labels {
    array: [KeyValue; 8],
    length: usize,
}

impl Default for Labels {
    fn default() -> Self {
        Self::new()
    }
}

impl Labels {
    /// No attributes.
    #[must_use]
    pub fn new() -> Self {
        Self {
            array: array::from_fn(|_| KeyValue::new("", false)),
            length: 0,
        }
    }

    /// Adds an attribute, if there is room.
    pub fn push(&mut self, key: &'static str, value: impl Into<Value>) {
        if let Some(slot) = self.array.get_mut(self.length) {
            *slot = KeyValue::new(key, value);
            self.length += 1;
        }
    }

    /// The attributes, in the order in which they were added.
    #[must_use]
    pub fn as_slice(&self) -> &[KeyValue] {
        self.array.get(..self.length).unwrap_or_default()
    }
}
