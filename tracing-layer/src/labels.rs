//! The attributes of one measurement, on the stack: it costs no allocation.

use std::array;

use opentelemetry::{KeyValue, Value};

/// Up to eight attributes; there is no ninth.
#[derive(Debug)]
pub struct Labels {
    array: [KeyValue; 8],
    length: usize,
}

impl Default for Labels {
    fn default() -> Self {
        Self::new()
    }
}

impl Clone for Labels {
    fn clone(&self) -> Self {
        // Making an empty slot costs less than cloning one.
        let labels = self.as_slice();
        Self {
            array: array::from_fn(|at| labels.get(at).cloned().unwrap_or_else(empty)),
            length: self.length,
        }
    }
}

impl Labels {
    /// No attributes.
    #[must_use]
    pub fn new() -> Self {
        Self {
            array: array::from_fn(|_| empty()),
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

    /// The value of an attribute, if it is here.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        let found = self.as_slice().iter().find(|label| label.key.as_str() == key);
        found.map(|label| &label.value)
    }

    /// Replaces the value of an attribute, if it is here.
    pub fn replace(&mut self, key: &str, value: impl Into<Value>) {
        let mut labels = self.array.iter_mut().take(self.length);
        if let Some(label) = labels.find(|label| label.key.as_str() == key) {
            label.value = value.into();
        }
    }

    /// Takes an attribute out, if it is here.
    pub fn remove(&mut self, key: &str) {
        let at = self.as_slice().iter().position(|label| label.key.as_str() == key);
        let behind = at.and_then(|at| self.array.get_mut(at..self.length));
        if let Some(behind) = behind {
            behind.rotate_left(1);
            self.length -= 1;
        }
    }

    /// The attributes, in the order in which they were added.
    #[must_use]
    pub fn as_slice(&self) -> &[KeyValue] {
        self.array.get(..self.length).unwrap_or_default()
    }
}

fn empty() -> KeyValue {
    KeyValue::new("", false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_replaced_and_removed() {
        let mut labels = Labels::new();
        for key in ["a", "b", "c"] {
            labels.push(key, key);
        }
        type Change = fn(&mut Labels);
        let cases: [(Change, &str); 5] = [
            (|_| {}, "a=a b=b c=c"),
            (|it| it.replace("b", 7), "a=a b=7 c=c"),
            (|it| it.replace("x", 7), "a=a b=7 c=c"),
            (|it| it.remove("a"), "b=7 c=c"),
            (|it| it.remove("a"), "b=7 c=c"),
        ];
        for (change, expected) in cases {
            change(&mut labels);
            let shown: Vec<String> = labels
                .as_slice()
                .iter()
                .map(|it| format!("{}={}", it.key, it.value))
                .collect();
            assert_eq!(shown.join(" "), expected, "the labels");
        }
        assert_eq!(labels.get("b"), Some(&Value::I64(7)), "there");
        assert_eq!(labels.get("a"), None, "gone");
    }
}
