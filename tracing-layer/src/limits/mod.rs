//! Limits of the data that the network puts into telemetry.
//!
//! A client chooses its path, its user agent and the name of the model that it requests. An upstream chooses
//! its headers and its error codes. Each of them may be megabytes long and different in every request.
//! Therefore the layers bound such a value before it is stored:
//!
//! | data | limit | beyond it |
//! |---|---|---|
//! | an attribute | [`MAX_ATTRIBUTE_BYTES`] | cut at a character boundary |
//! | an attribute that is an array | [`MAX_ARRAY_ITEMS`] items, [`MAX_ATTRIBUTE_BYTES`] in total | the last items are cut or omitted |
//! | the name of a span | [`MAX_SPAN_NAME_BYTES`] | cut at a character boundary |
//! | a label of a metric | [`MAX_LABEL_BYTES`] | cut at a character boundary |
//! | the distinct values of a label | [`DistinctValues`] | the label is `_OTHER` |
//! | the series of an instrument | [`SeriesBudget`] | labels are merged: see there |
//!
//! Values that the program sets, such as `CallAttributes` or a route, are not cut. Captured content has its
//! own limits.
//!
//! ```
//! # use throughline_tracing_layer as throughline;
//! use opentelemetry::KeyValue;
//! use throughline::limits;
//!
//! let agent = "x".repeat(250_000);
//! let attribute = KeyValue::new("user_agent.original", limits::truncate(&agent, limits::MAX_ATTRIBUTE_BYTES).to_owned());
//! assert_eq!(attribute.value.as_str().len(), 1024);
//! ```

mod distinct;
mod series;

use opentelemetry::{Array, StringValue, Value};

pub use self::distinct::{Claim, DistinctValues, MAX_DISTINCT_VALUES, Place, literal_id, text_id};
pub use self::series::{MAX_SERIES, SeriesBudget, series_id};

/// The maximum length of an attribute that the network chooses: 1 KiB.
pub const MAX_ATTRIBUTE_BYTES: usize = 1024;
/// The maximum number of items of an attribute that is an array.
pub const MAX_ARRAY_ITEMS: usize = 32;
/// The maximum length of a span name that contains data from the network, in bytes.
pub const MAX_SPAN_NAME_BYTES: usize = 128;
/// The maximum length of a label that the network chooses, in bytes.
pub const MAX_LABEL_BYTES: usize = 128;

/// Returns the longest prefix of `text` that has at most `max_bytes` bytes and ends at a character boundary.
#[inline]
#[must_use]
pub fn truncate(text: &str, max_bytes: usize) -> &str {
    if text.len() <= max_bytes {
        return text;
    }
    // A character has at most 4 bytes, so at most 4 are looked at.
    let end = (0..=max_bytes).rev().find(|&end| text.is_char_boundary(end));
    end.and_then(|end| text.get(..end)).unwrap_or_default()
}

/// Like [`truncate`] for an owned text. The memory beyond the limit is freed.
#[inline]
pub fn truncate_string(text: &mut String, max_bytes: usize) {
    if text.len() > max_bytes {
        text.truncate(truncate(text, max_bytes).len());
        text.shrink_to_fit();
    }
}

/// Creates an array of texts, within the limits of one attribute.
#[must_use]
pub(crate) fn text_array<'a>(items: impl IntoIterator<Item = &'a str>) -> Value {
    let mut room = MAX_ATTRIBUTE_BYTES;
    let bounded = items.into_iter().take(MAX_ARRAY_ITEMS).map_while(|text| {
        // An empty text has no bytes, so it may follow the text that took the last one.
        let start = truncate(text, room);
        let fits = !start.is_empty() || text.is_empty();
        room -= start.len();
        fits.then(|| StringValue::from(start.to_owned()))
    });
    Value::Array(Array::String(bounded.collect()))
}

/// Cuts a value of any kind to the limits of one attribute, in place. Usually this only compares lengths.
#[inline]
pub fn bound(value: &mut Value) {
    match value {
        Value::String(text) if text.as_str().len() > MAX_ATTRIBUTE_BYTES => {
            *text = truncate(text.as_str(), MAX_ATTRIBUTE_BYTES).to_owned().into();
        }
        Value::Array(Array::Bool(items)) => bound_items(items),
        Value::Array(Array::I64(items)) => bound_items(items),
        Value::Array(Array::F64(items)) => bound_items(items),
        Value::Array(Array::String(items)) => {
            let bytes: usize = items.iter().map(|item| item.as_str().len()).sum();
            if items.len() > MAX_ARRAY_ITEMS || bytes > MAX_ATTRIBUTE_BYTES {
                *value = text_array(items.iter().map(StringValue::as_str));
            }
        }
        _ => {}
    }
}

fn bound_items<T>(items: &mut Vec<T>) {
    if items.len() > MAX_ARRAY_ITEMS {
        items.truncate(MAX_ARRAY_ITEMS);
        items.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        let cases = [
            ("", 4, ""),
            ("abcd", 4, "abcd"),
            ("abcde", 4, "abcd"),
            ("abcde", 0, ""),
            ("ééé", 4, "éé"),
            ("ééé", 3, "é"),
            ("a€", 3, "a"),
            ("a€", 4, "a€"),
            ("🦀🦀", 7, "🦀"),
            ("🦀", 3, ""),
            ("e\u{301}", 2, "e"),
        ];
        for (text, max, expected) in cases {
            assert_eq!(truncate(text, max), expected, "{text:?} in {max} bytes");
            let mut owned = text.to_owned();
            truncate_string(&mut owned, max);
            assert_eq!(owned, expected, "{text:?} in {max} bytes, owned");
        }
        let mut long = "x".repeat(2_500_000);
        truncate_string(&mut long, MAX_ATTRIBUTE_BYTES);
        assert_eq!(
            (long.len(), long.capacity()),
            (1024, 1024),
            "what was cut takes no memory"
        );
    }

    #[test]
    fn arrays_are_bounded_in_items_and_in_bytes() {
        let items = |count: usize, bytes: usize| -> Vec<String> { vec!["x".repeat(bytes); count] };
        let cases = [
            ("nothing", items(0, 0), vec![]),
            ("the usual", items(2, 4), vec![4, 4]),
            ("many", items(100_000, 3), vec![3; 32]),
            ("many empty ones", items(100_000, 0), vec![0; 32]),
            ("one long", items(1, 3_600_000), vec![1024]),
            ("some long", items(3, 1000), vec![1000, 24]),
            ("exactly full", items(2, 512), vec![512, 512]),
            ("full, and more", items(3, 512), vec![512, 512]),
            (
                "full, then an empty one",
                [items(2, 512), items(1, 0)].concat(),
                vec![512, 512, 0],
            ),
        ];
        for (name, items, expected) in cases {
            let made = text_array(items.iter().map(String::as_str));
            let all = items.iter().map(|item| item.clone().into()).collect();
            let mut bounded = Value::Array(Array::String(all));
            bound(&mut bounded);
            for value in [made, bounded] {
                let Value::Array(Array::String(items)) = value else {
                    panic!("{name}: an array of texts");
                };
                let lengths: Vec<usize> = items.iter().map(|item| item.as_str().len()).collect();
                assert_eq!(lengths, expected, "{name}");
            }
        }
    }

    #[test]
    fn values_of_every_kind_are_bounded() {
        let cases: [(&str, Value, Value); 7] = [
            ("a number", 7.into(), 7.into()),
            ("a text", "x".into(), "x".into()),
            ("a long text", "é".repeat(1000).into(), "é".repeat(512).into()),
            (
                "a long text that is shared",
                std::sync::Arc::<str>::from("x".repeat(2000)).into(),
                "x".repeat(1024).into(),
            ),
            (
                "booleans",
                Value::Array(Array::Bool(vec![true; 99])),
                Value::Array(Array::Bool(vec![true; 32])),
            ),
            (
                "integers",
                Value::Array(Array::I64(vec![1; 99])),
                Value::Array(Array::I64(vec![1; 32])),
            ),
            (
                "fractions",
                Value::Array(Array::F64(vec![0.5; 99])),
                Value::Array(Array::F64(vec![0.5; 32])),
            ),
        ];
        for (name, mut value, expected) in cases {
            bound(&mut value);
            assert_eq!(value, expected, "{name}");
        }
    }
}
