//! What a request asks for.

use opentelemetry::{Array, KeyValue, StringValue};
use serde_json::Value;

/// What a request asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    pub(crate) model: Option<String>,
    pub(crate) stream: bool,
    /// How many alternative answers; at least 1.
    pub(crate) choices: u32,
    pub(crate) attributes: Vec<KeyValue>,
}

impl Ask {
    pub(crate) fn new(body: &Value) -> Self {
        Self {
            model: string(body, "model").map(str::to_owned),
            stream: body.get("stream").and_then(Value::as_bool).unwrap_or(false),
            choices: 1,
            attributes: Vec::new(),
        }
    }

    /// Puts down an integer, if there is one.
    pub(crate) fn int(&mut self, name: &'static str, value: Option<&Value>) {
        if let Some(value) = value.and_then(Value::as_i64) {
            self.attributes.push(KeyValue::new(name, value));
        }
    }

    /// Puts down a number, if there is one.
    pub(crate) fn double(&mut self, name: &'static str, value: Option<&Value>) {
        if let Some(value) = value.and_then(Value::as_f64) {
            self.attributes.push(KeyValue::new(name, value));
        }
    }

    /// Puts down a short string, if there is one.
    pub(crate) fn string(&mut self, name: &'static str, value: Option<&Value>) {
        if let Some(value) = value.and_then(Value::as_str) {
            self.attributes.push(KeyValue::new(name, value.to_owned()));
        }
    }

    /// Puts down a string or an array of strings as an array.
    pub(crate) fn strings(&mut self, name: &'static str, value: Option<&Value>) {
        let strings: Vec<StringValue> = match value {
            Some(Value::String(one)) => vec![one.clone().into()],
            Some(Value::Array(many)) => many
                .iter()
                .filter_map(|one| one.as_str().map(|one| one.to_owned().into()))
                .collect(),
            _ => return,
        };
        self.attributes.push(KeyValue::new(
            name,
            opentelemetry::Value::Array(Array::String(strings)),
        ));
    }
}

/// A member of an object that is a string.
pub(crate) fn string<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str)
}

/// The members of an array, or none.
pub(crate) fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}
