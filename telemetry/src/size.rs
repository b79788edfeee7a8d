//! Estimates the memory of a span or a log record, in one walk over its attributes.
//!
//! The byte limit of a queue is for data that a client can make large: strings, lists and their number. Fixed
//! parts count with their size in memory. Allocator overhead is ignored.

use opentelemetry::logs::AnyValue;
use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::logs::SdkLogRecord;
use opentelemetry_sdk::trace::SpanData;

pub(crate) fn span_bytes(span: &SpanData) -> usize {
    let events = span
        .events
        .events
        .iter()
        .map(|event| size_of_val(event) + event.name.len() + attributes_bytes(&event.attributes));
    let links = span
        .links
        .links
        .iter()
        .map(|link| size_of_val(link) + attributes_bytes(&link.attributes));
    let status = match &span.status {
        opentelemetry::trace::Status::Error { description } => description.len(),
        _ => 0,
    };
    size_of::<SpanData>()
        + span.name.len()
        + status
        + attributes_bytes(&span.attributes)
        + events.sum::<usize>()
        + links.sum::<usize>()
}

pub(crate) fn record_bytes(record: &SdkLogRecord) -> usize {
    let attributes = record
        .attributes_iter()
        .map(|(key, value)| key.as_str().len() + any_value_bytes(value));
    size_of::<SdkLogRecord>() + record.body().map_or(0, any_value_bytes) + attributes.sum::<usize>()
}

fn attributes_bytes(attributes: &[KeyValue]) -> usize {
    let values = attributes
        .iter()
        .map(|KeyValue { key, value, .. }| size_of::<KeyValue>() + key.as_str().len() + value_bytes(value));
    values.sum()
}

/// Returns the heap memory of a value.
fn value_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.as_str().len(),
        Value::Array(Array::String(strings)) => strings
            .iter()
            .map(|text| size_of_val(text) + text.as_str().len())
            .sum(),
        Value::Array(Array::I64(numbers)) => size_of_val(numbers.as_slice()),
        Value::Array(Array::F64(numbers)) => size_of_val(numbers.as_slice()),
        Value::Array(Array::Bool(truths)) => size_of_val(truths.as_slice()),
        _ => 0,
    }
}

/// Returns the heap memory of a log record value, including nested values.
fn any_value_bytes(value: &AnyValue) -> usize {
    size_of::<AnyValue>()
        + match value {
            AnyValue::String(text) => text.as_str().len(),
            AnyValue::Bytes(bytes) => bytes.len(),
            AnyValue::ListAny(values) => values.iter().map(any_value_bytes).sum(),
            AnyValue::Map(values) => values
                .iter()
                .map(|(key, value)| key.as_str().len() + any_value_bytes(value))
                .sum(),
            _ => 0,
        }
}

#[cfg(test)]
mod tests {
    use opentelemetry::StringValue;
    use opentelemetry::logs::{LogRecord, Logger, LoggerProvider};
    use opentelemetry_sdk::logs::SdkLoggerProvider;

    use super::*;

    /// The estimate includes everything that a client can make large.
    #[test]
    fn large_values_have_large_estimates() {
        const LARGE: usize = 1_000_000;
        let text = || "x".repeat(LARGE);
        let strings: Vec<StringValue> = (0..LARGE / 10).map(|_| "0123456789".into()).collect();
        for (case, value) in [
            ("a text", Value::from(text())),
            ("texts", Value::Array(Array::String(strings))),
            ("numbers", Value::Array(Array::I64(vec![0; LARGE / 8]))),
            ("fractions", Value::Array(Array::F64(vec![0.0; LARGE / 8]))),
            ("truths", Value::Array(Array::Bool(vec![true; LARGE]))),
        ] {
            let estimate = attributes_bytes(&[KeyValue::new("key", value)]);
            assert!((LARGE..5 * LARGE).contains(&estimate), "{case}: {estimate}");
        }
        let small = attributes_bytes(&[KeyValue::new("key", 1), KeyValue::new("other", true)]);
        assert!(small < 500, "two numbers: {small}");

        let logger = SdkLoggerProvider::builder().build().logger("test");
        for (case, value) in [
            ("a text", AnyValue::from(text())),
            ("bytes", AnyValue::Bytes(Box::new(vec![0; LARGE]))),
            (
                "a list",
                AnyValue::ListAny(Box::new(vec![AnyValue::from(text())])),
            ),
            (
                "a map",
                AnyValue::Map(Box::new([("key".into(), AnyValue::from(text()))].into())),
            ),
        ] {
            let mut record = logger.create_log_record();
            record.set_body(value.clone());
            let of_body = record_bytes(&record);
            let mut record = logger.create_log_record();
            record.add_attribute("key", value);
            let of_attribute = record_bytes(&record);
            for estimate in [of_body, of_attribute] {
                assert!((LARGE..2 * LARGE).contains(&estimate), "{case}: {estimate}");
            }
        }
    }
}
