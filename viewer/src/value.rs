//! Values of OTLP attributes, as text and as JSON.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use serde_json::{Map, Value, json};

/// Returns the value of an attribute. If a key occurs more than once, the last one counts.
pub(crate) fn find<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Any> {
    let attribute = attributes.iter().rev().find(|attribute| attribute.key == key)?;
    attribute.value.as_ref()?.value.as_ref()
}

/// Returns the value of the first of several keys that is present.
pub(crate) fn find_any<'a>(attributes: &'a [KeyValue], keys: &[&str]) -> Option<&'a Any> {
    keys.iter().find_map(|key| find(attributes, key))
}

/// Returns a text that is not empty.
pub(crate) fn text<'a>(attributes: &'a [KeyValue], keys: &[&str]) -> Option<&'a str> {
    match find_any(attributes, keys)? {
        Any::StringValue(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// Returns a number that is at least 0.
pub(crate) fn count(attributes: &[KeyValue], keys: &[&str]) -> Option<u64> {
    match find_any(attributes, keys)? {
        Any::IntValue(number) => u64::try_from(*number).ok(),
        // Some SDKs send all numbers as doubles.
        Any::DoubleValue(number) if number.fract() == 0.0 && (0.0..9e15).contains(number) => {
            Some(*number as u64)
        }
        _ => None,
    }
}

/// Returns a finite number that is at least 0.
pub(crate) fn number(attributes: &[KeyValue], keys: &[&str]) -> Option<f64> {
    let number = match find_any(attributes, keys)? {
        Any::DoubleValue(number) => *number,
        Any::IntValue(number) => *number as f64,
        _ => return None,
    };
    (number.is_finite() && number >= 0.0).then_some(number)
}

/// Returns the name of a value's type.
pub(crate) fn type_name(value: &Any) -> &'static str {
    match value {
        Any::StringValue(_) | Any::StringValueStrindex(_) => "string",
        Any::BoolValue(_) => "bool",
        Any::IntValue(_) => "int",
        Any::DoubleValue(_) => "double",
        Any::ArrayValue(_) => "array",
        Any::KvlistValue(_) => "map",
        Any::BytesValue(_) => "bytes",
    }
}

/// Returns a value as JSON. Integers that JavaScript cannot represent and numbers that JSON has no form for are
/// strings; bytes are base64.
///
/// The recursion is bounded: the decoders of protobuf and JSON refuse deep values.
pub(crate) fn to_json(value: &Any) -> Value {
    match value {
        Any::StringValue(text) => Value::from(text.as_str()),
        Any::StringValueStrindex(_) => Value::Null,
        Any::BoolValue(value) => Value::from(*value),
        Any::IntValue(number) if number.unsigned_abs() > MAX_SAFE_INTEGER => Value::from(number.to_string()),
        Any::IntValue(number) => Value::from(*number),
        Any::DoubleValue(number) if number.is_finite() => json!(number),
        Any::DoubleValue(number) => Value::from(number.to_string()),
        Any::BytesValue(bytes) => Value::from(BASE64_STANDARD.encode(bytes)),
        Any::ArrayValue(array) => array.values.iter().map(any_to_json).collect(),
        Any::KvlistValue(map) => {
            let members = map.values.iter();
            Value::Object(
                members
                    .map(|member| (member.key.clone(), attribute_to_json(member)))
                    .collect::<Map<_, _>>(),
            )
        }
    }
}

/// Like [`to_json`], for the value of an attribute.
pub(crate) fn attribute_to_json(attribute: &KeyValue) -> Value {
    attribute.value.as_ref().map_or(Value::Null, any_to_json)
}

/// Like [`to_json`], for a value that can be empty.
pub(crate) fn any_to_json(value: &AnyValue) -> Value {
    value.value.as_ref().map_or(Value::Null, to_json)
}

/// Returns a value as text: strings as they are, others as JSON.
pub(crate) fn to_text(value: &Any) -> String {
    match value {
        Any::StringValue(text) => text.clone(),
        other => match to_json(other) {
            Value::String(text) => text,
            json => json.to_string(),
        },
    }
}

/// The largest integer that JavaScript represents exactly.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;
