//! The attributes and events of a span, for pages with details.

use std::fmt::Write;

use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

use super::text::{plain, plain_within};

/// An attribute, or an event with its attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Detail {
    pub(super) name: String,
    pub(super) text: String,
}

impl Detail {
    /// Returns the bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        self.name.len() + self.text.len()
    }
}

/// Returns the attributes of a span by name, and its events.
pub(super) fn details(span: &SpanData) -> Vec<Detail> {
    let mut attributes: Vec<Detail> = span.attributes.iter().map(detail).collect();
    attributes.sort_by(|one, other| one.name.cmp(&other.name));
    let events = span.events.iter().map(|event| {
        let mut text = String::new();
        for attribute in &event.attributes {
            let Detail { name, text: value } = detail(attribute);
            let _ = write!(text, "{}{name}={value}", if text.is_empty() { "" } else { " " });
        }
        Detail {
            name: format!("event {}", plain(&event.name)),
            text,
        }
    });
    attributes.extend(events);
    attributes
}

fn detail(attribute: &KeyValue) -> Detail {
    Detail {
        name: plain(attribute.key.as_str()),
        text: plain_within(&attribute.value.as_str(), MAX_DETAIL_CHARS),
    }
}

/// Returns the last value of an attribute.
pub(super) fn find<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    attributes
        .iter()
        .rev()
        .find(|attribute| attribute.key.as_str() == key)
        .map(|attribute| &attribute.value)
}

/// The maximum characters of a value. A captured prompt may have megabytes.
const MAX_DETAIL_CHARS: usize = 4_000;
