//! The attributes of one measurement, on the stack, without an allocation.

use arrayvec::ArrayVec;
use opentelemetry::{KeyValue, Value};

/// A list of up to eight attributes. Further ones are dropped.
#[derive(Debug, Clone, Default)]
pub struct Labels(ArrayVec<KeyValue, 8>);

impl Labels {
    /// Creates an empty list.
    #[inline]
    #[must_use]
    pub fn new() -> Self {
        Self(ArrayVec::new_const())
    }

    /// Adds an attribute, if there is space.
    #[inline]
    pub fn push(&mut self, key: &'static str, value: impl Into<Value>) {
        if !self.0.is_full() {
            self.0.push(KeyValue::new(key, value));
        }
    }

    /// Returns the value of an attribute.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        let found = self.as_slice().iter().find(|label| label.key.as_str() == key);
        found.map(|label| &label.value)
    }

    /// Replaces the value of an attribute, if it is present.
    pub fn replace(&mut self, key: &str, value: impl Into<Value>) {
        if let Some(label) = self.0.iter_mut().find(|label| label.key.as_str() == key) {
            label.value = value.into();
        }
    }

    /// Removes an attribute, if it is present.
    pub fn remove(&mut self, key: &str) {
        let at = self.0.iter().position(|label| label.key.as_str() == key);
        if let Some(at) = at {
            self.0.remove(at);
        }
    }

    /// Returns the attributes in the order in which they were added.
    #[inline]
    #[must_use]
    pub fn as_slice(&self) -> &[KeyValue] {
        self.0.as_slice()
    }
}

impl From<[KeyValue; 1]> for Labels {
    fn from(first: [KeyValue; 1]) -> Self {
        Self(ArrayVec::from_iter(first))
    }
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
