//! Attributes, and whether they keep to their rules.

use opentelemetry::{Array, KeyValue, Value};

use super::rules::{AttributeRule, Requirement, Type};

/// The attributes of a span or of a point of a metric.
#[derive(Debug)]
pub struct Attributes<'a>(Vec<&'a KeyValue>);

impl<'a> FromIterator<&'a KeyValue> for Attributes<'a> {
    fn from_iter<I: IntoIterator<Item = &'a KeyValue>>(attributes: I) -> Self {
        Self(attributes.into_iter().collect())
    }
}

impl<'a> Attributes<'a> {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'a Value> {
        let found = self.0.iter().find(|attribute| attribute.key.as_str() == key);
        found.map(|attribute| &attribute.value)
    }

    /// The value of a key as text.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<String> {
        self.get(key).map(|value| value.as_str().into_owned())
    }

    /// The value of a key, if it is a whole number.
    #[must_use]
    pub fn int(&self, key: &str) -> Option<i64> {
        match self.get(key)? {
            Value::I64(number) => Some(*number),
            _ => None,
        }
    }

    /// Whether there is such a key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &'a KeyValue> {
        self.0.iter().copied()
    }

    /// Panics unless there are only attributes of the rules, each once, of its type and with a value that it
    /// may have, and all that are required. `failed` is `None` for a metric.
    pub(super) fn check(
        &self,
        case: &str,
        rules: &[&[AttributeRule]],
        values: &[(&str, &[&str])],
        failed: Option<bool>,
    ) {
        for attribute in self.iter() {
            let key = attribute.key.as_str();
            let count = self.iter().filter(|other| other.key.as_str() == key).count();
            assert_eq!(count, 1, "{case}: {key} once");
            let rule = rules
                .iter()
                .copied()
                .flatten()
                .find(|(name, ..)| names(name, key));
            let (_, expected, _) = rule.unwrap_or_else(|| panic!("{case}: {key} is in no table"));
            assert!(
                is_of_type(&attribute.value, *expected),
                "{case}: {attribute:?} is not of type {expected:?}"
            );
            let value = attribute.value.as_str();
            for (name, allowed) in values {
                assert!(
                    *name != key || allowed.contains(&&*value),
                    "{case}: {key}={value}"
                );
            }
        }
        for (key, _, requirement) in rules.iter().copied().flatten() {
            self.check_presence(case, key, *requirement, failed);
        }
    }

    fn check_presence(&self, case: &str, key: &str, requirement: Requirement, failed: Option<bool>) {
        let is_present = self.has(key);
        let (must, may) = match requirement {
            Requirement::Optional => (false, true),
            Requirement::Required => (true, true),
            Requirement::RequiredWith(other) => (self.has(other), true),
            Requirement::With(other) => (self.has(other), self.has(other)),
            Requirement::OnlyWith(other) => (false, self.has(other)),
            Requirement::If(other, value) => {
                let is_so = self.text(other).as_deref() == Some(value);
                (is_so, is_so)
            }
            Requirement::IfFailed => (failed.unwrap_or(false), failed.unwrap_or(true)),
        };
        assert!(is_present || !must, "{case}: {key} is missing in {self:?}");
        assert!(may || !is_present, "{case}: {key} must not be in {self:?}");
    }
}

/// Whether the key of a rule stands for this key.
fn names(rule: &str, key: &str) -> bool {
    match rule.strip_suffix('*') {
        Some(start) => key.starts_with(start),
        None => rule == key,
    }
}

fn is_of_type(value: &Value, expected: Type) -> bool {
    match (value, expected) {
        (Value::String(text), Type::Text) => !text.as_str().is_empty(),
        (Value::Array(Array::String(strings)), Type::Texts) => !strings.is_empty(),
        (Value::I64(number), Type::Int) => *number >= 0,
        (Value::String(_), Type::OptionalText)
        | (Value::I64(_), Type::SignedInt)
        | (Value::F64(_), Type::Double)
        | (Value::Bool(_), Type::Bool) => true,
        _ => false,
    }
}
