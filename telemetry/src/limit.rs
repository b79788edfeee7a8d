//! Applies the length limit of attribute values, because the SDK does not.

use opentelemetry::{Array, KeyValue, StringValue, Value};
use opentelemetry_sdk::trace::SpanData;

/// Truncates string attribute values, including those in arrays, of a span, its events and its links. Names,
/// keys and the status are not attribute values and are not truncated
pub(crate) fn truncate_values(span: &mut SpanData, max_chars: usize) {
    let event_attributes = span
        .events
        .events
        .iter_mut()
        .flat_map(|event| &mut event.attributes);
    let link_attributes = span.links.links.iter_mut().flat_map(|link| &mut link.attributes);
    for KeyValue { value, .. } in span
        .attributes
        .iter_mut()
        .chain(event_attributes)
        .chain(link_attributes)
    {
        match value {
            Value::String(text) => shorten(text, max_chars),
            Value::Array(Array::String(strings)) => {
                strings.iter_mut().for_each(|text| shorten(text, max_chars));
            }
            _ => {}
        }
    }
}

fn shorten(text: &mut StringValue, max_chars: usize) {
    // A string has at least as many bytes as characters, so short strings are not counted.
    if text.as_str().len() <= max_chars {
        return;
    }
    if let Some((end, _)) = text.as_str().char_indices().nth(max_chars) {
        *text = text.as_str().get(..end).unwrap_or_default().to_owned().into();
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{
        Link, Span, SpanBuilder, SpanContext, SpanId, Status, TraceFlags, TraceId, TraceState, Tracer,
        TracerProvider,
    };
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};

    use super::*;

    /// A span that has the value as its own attribute, of an event, and of a link.
    fn span(value: &Value) -> SpanData {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(exporter.clone())
            .build();
        let attribute = || vec![KeyValue::new("a long key", value.clone())];
        let ids = SpanContext::new(
            TraceId::from(1),
            SpanId::from(1),
            TraceFlags::SAMPLED,
            true,
            TraceState::NONE,
        );
        let builder = SpanBuilder::from_name("a long name")
            .with_attributes(attribute())
            .with_links(vec![Link::new(ids, attribute(), 0)]);
        let mut span = provider.tracer("test").build(builder);
        span.add_event("a long event", attribute());
        span.set_status(Status::error("a long status"));
        span.end();
        exporter.get_finished_spans().expect("a span").remove(0)
    }

    fn string_array(strings: &[&str]) -> Value {
        Value::Array(Array::String(
            strings.iter().map(|&text| text.to_owned().into()).collect(),
        ))
    }

    #[test]
    fn values_are_cut_wherever_they_are() {
        let cases: [(usize, Value, Value); 12] = [
            (3, "".into(), "".into()),
            (3, "abc".into(), "abc".into()),
            (3, "abcd".into(), "abc".into()),
            (3, "ééé".into(), "ééé".into()),
            (3, "éééé".into(), "ééé".into()),
            (1, "🦀🦀".into(), "🦀".into()),
            (0, "x".into(), "".into()),
            (
                3,
                string_array(&["a", "abcd", "éééé"]),
                string_array(&["a", "abc", "ééé"]),
            ),
            (0, string_array(&["a", ""]), string_array(&["", ""])),
            (3, 123_456.into(), 123_456.into()),
            (3, true.into(), true.into()),
            (
                1,
                Value::Array(Array::I64(vec![123, 456])),
                Value::Array(Array::I64(vec![123, 456])),
            ),
        ];
        for (max_chars, value, expected) in cases {
            let mut span = span(&value);
            truncate_values(&mut span, max_chars);
            let event = span.events.events.first().expect("an event");
            let link = span.links.links.first().expect("a link");
            let places = [
                ("the span's", &span.attributes),
                ("the event's", &event.attributes),
                ("the link's", &link.attributes),
            ];
            for (place, attributes) in places {
                let all = vec![KeyValue::new("a long key", expected.clone())];
                assert_eq!(*attributes, all, "{place}, of {value:?} in {max_chars}");
            }
            assert_eq!(span.name, "a long name", "a name is no attribute");
            assert_eq!(event.name, "a long event", "nor is an event's");
            assert_eq!(span.status, Status::error("a long status"), "nor is the status");
        }
    }
}
