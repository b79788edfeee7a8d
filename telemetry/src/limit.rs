//! The limit on the length of attribute values, which the SDK does not apply.

use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

/// Cuts every text of a span to so many characters
/// (<https://opentelemetry.io/docs/specs/otel/common/#attribute-limits>).
pub(crate) fn cut(span: &mut SpanData, longest: usize) {
    let of_events = span
        .events
        .events
        .iter_mut()
        .flat_map(|event| &mut event.attributes);
    let of_links = span.links.links.iter_mut().flat_map(|link| &mut link.attributes);
    for KeyValue { value, .. } in span.attributes.iter_mut().chain(of_events).chain(of_links) {
        match value {
            Value::String(text) => shorten(text, longest),
            Value::Array(Array::String(texts)) => texts.iter_mut().for_each(|text| shorten(text, longest)),
            _ => {}
        }
    }
}

fn shorten(text: &mut opentelemetry::StringValue, longest: usize) {
    if let Some((end, _)) = text.as_str().char_indices().nth(longest) {
        *text = text.as_str().get(..end).unwrap_or_default().to_owned().into();
    }
}
