//! Cuts what the other side chose to the [limits](throughline_tracing_layer::limits) of attributes, before it
//! is kept.

use opentelemetry::KeyValue;
use throughline_tracing_layer::limits::{MAX_SPAN_NAME_BYTES, bound, truncate};

/// Cuts the values of attributes.
pub(super) fn bound_attributes(attributes: &mut [KeyValue]) {
    for attribute in attributes {
        bound(&mut attribute.value);
    }
}

/// The name of a call's span.
pub(super) fn span_name(operation: &str, model: Option<&str>) -> String {
    let Some(model) = model else {
        return operation.to_owned();
    };
    let room = MAX_SPAN_NAME_BYTES.saturating_sub(operation.len() + 1);
    [operation, " ", truncate(model, room)].concat()
}

/// An attribute with a count, at most the largest that an attribute can hold.
pub(super) fn int(name: &'static str, count: u64) -> KeyValue {
    KeyValue::new(name, i64::try_from(count).unwrap_or(i64::MAX))
}
