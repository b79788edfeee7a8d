//! The attributes of one measurement, on the stack.

use std::array;

use opentelemetry::{KeyValue, Value};

/// Up to eight attributes; there is no ninth.
#[derive(Debug)]
pub(crate) struct Labels {
    array: [KeyValue; 8],
    length: usize,
}

impl Labels {
    pub(crate) fn new() -> Self {
        Self {
            array: array::from_fn(|_| KeyValue::new("", false)),
            length: 0,
        }
    }

    pub(crate) fn push(&mut self, key: &'static str, value: impl Into<Value>) {
        if let Some(slot) = self.array.get_mut(self.length) {
            *slot = KeyValue::new(key, value);
            self.length += 1;
        }
    }

    pub(crate) fn as_slice(&self) -> &[KeyValue] {
        self.array.get(..self.length).unwrap_or_default()
    }
}
