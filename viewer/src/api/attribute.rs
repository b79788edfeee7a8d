//! Attributes as JSON.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use serde::Serialize;
use serde_json::Value;

use crate::value;

#[derive(Debug, Serialize)]
pub(crate) struct Attribute {
    key: String,
    r#type: &'static str,
    value: Value,
    /// Whether only the begin of the value is there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cut: bool,
}

/// Returns the attributes sorted by key. Long values are cut.
pub(crate) fn attributes(attributes: &[KeyValue]) -> Vec<Attribute> {
    let mut shown: Vec<Attribute> = attributes.iter().map(attribute).collect();
    shown.sort_by(|one, other| one.key.cmp(&other.key));
    shown
}

fn attribute(attribute: &KeyValue) -> Attribute {
    let Some(value) = attribute.value.as_ref().and_then(|value| value.value.as_ref()) else {
        return Attribute {
            key: attribute.key.clone(),
            r#type: "string",
            value: Value::Null,
            cut: false,
        };
    };
    let json = value::to_json(value);
    let text = match &json {
        Value::String(text) if text.len() > MAX_VALUE_BYTES => Some(text.clone()),
        Value::Array(_) | Value::Object(_) => Some(json.to_string()),
        _ => None,
    };
    let cut = text.filter(|text| text.len() > MAX_VALUE_BYTES);
    Attribute {
        key: attribute.key.clone(),
        r#type: value::type_name(value),
        cut: cut.is_some(),
        value: match cut {
            Some(text) => {
                let end = (0..=MAX_VALUE_BYTES)
                    .rev()
                    .find(|end| text.is_char_boundary(*end))
                    .unwrap_or(0);
                Value::from(text.get(..end).unwrap_or_default())
            }
            None => json,
        },
    }
}

/// The length at which a value is cut.
const MAX_VALUE_BYTES: usize = 64 << 10;
