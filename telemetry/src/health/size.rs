//! The memory that a span takes, estimated in one walk over its attributes.
//!
//! A queue's bound in bytes is for what a client can make large: texts, lists and their number. The fixed parts are taken
//! as they are laid out; what an allocator adds is not seen.

use opentelemetry::trace::Status;
use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

pub(super) fn span_bytes(span: &SpanData) -> usize {
    let events = span.events.events.iter();
    let events =
        events.map(|event| size_of_val(event) + event.name.len() + attributes_bytes(&event.attributes));
    let links = span.links.links.iter();
    let links = links.map(|link| size_of_val(link) + attributes_bytes(&link.attributes));
    let status = match &span.status {
        Status::Error { description } => description.len(),
        _ => 0,
    };
    size_of::<SpanData>()
        + span.name.len()
        + status
        + attributes_bytes(&span.attributes)
        + events.sum::<usize>()
        + links.sum::<usize>()
}

fn attributes_bytes(attributes: &[KeyValue]) -> usize {
    let values = attributes
        .iter()
        .map(|KeyValue { key, value, .. }| size_of::<KeyValue>() + key.as_str().len() + value_bytes(value));
    values.sum()
}

/// What a value holds elsewhere.
fn value_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.as_str().len(),
        Value::Array(Array::String(texts)) => texts
            .iter()
            .map(|text| size_of_val(text) + text.as_str().len())
            .sum(),
        Value::Array(Array::I64(numbers)) => size_of_val(numbers.as_slice()),
        Value::Array(Array::F64(numbers)) => size_of_val(numbers.as_slice()),
        Value::Array(Array::Bool(truths)) => size_of_val(truths.as_slice()),
        _ => 0,
    }
}
