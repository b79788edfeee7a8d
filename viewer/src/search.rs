//! The text search of spans and log records.
//!
//! A query is a list of terms. Terms without a sign are alternatives. Case is ignored.
//!
//! | term | finds |
//! |---|---|
//! | `word`, `"two words"` | the text in a name, a service, a key, a value, an event or a status message |
//! | `key=value`, `key="two words"` | an attribute of the span, of its resource or of an event with exactly this value |
//! | `-word`, `-key=value` | excludes what has it; a word that is only in a key does not exclude |
//! | an id of 16 hexadecimal digits | also the span itself |

use memchr::memchr2;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;

use crate::store::{Origin, StoredLog, StoredSpan};
use crate::{ids, value};

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct TextQuery {
    wanted: Vec<Term>,
    excluded: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq)]
enum Term {
    /// In lower case.
    Text(String),
    /// The value in lower case.
    Attribute { key: String, value: String },
}

impl TextQuery {
    pub(crate) fn parse(text: &str) -> Self {
        let mut query = Self::default();
        let mut rest = text.trim_start();
        while !rest.is_empty() && query.wanted.len() + query.excluded.len() < MAX_TERMS {
            let (is_excluded, unsigned) = match rest.strip_prefix('-') {
                Some(unsigned) if !unsigned.is_empty() && !unsigned.starts_with(' ') => (true, unsigned),
                _ => (false, rest),
            };
            let (word, after) = word(unsigned);
            if let Some(term) = Term::new(&word) {
                if is_excluded {
                    query.excluded.push(term);
                } else {
                    query.wanted.push(term);
                }
            }
            rest = after.trim_start();
        }
        query
    }

    /// A query for one attribute, from `key=value`.
    pub(crate) fn attribute(text: &str) -> Option<Self> {
        let (key, value) = text.split_once('=')?;
        (!key.is_empty()).then(|| Self {
            wanted: vec![Term::Attribute {
                key: key.to_owned(),
                value: value.to_lowercase(),
            }],
            excluded: Vec::new(),
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.wanted.is_empty() && self.excluded.is_empty()
    }

    /// The word of a query that has only one, in lower case; otherwise empty.
    pub(crate) fn single_word(&self) -> &str {
        match self.wanted.as_slice() {
            [Term::Text(text)] if self.excluded.is_empty() => text,
            _ => "",
        }
    }

    /// Whether a span has one of the wanted terms, and none of the excluded ones.
    pub(crate) fn finds_span(&self, span: &StoredSpan) -> bool {
        (self.wanted.is_empty() || self.wanted.iter().any(|term| term.is_in_span(span)))
            && !self.excludes_span(span)
    }

    /// Whether a trace has a wanted term in one span, and an excluded one in none.
    pub(crate) fn finds_trace<'a>(&self, mut spans: impl Iterator<Item = &'a StoredSpan> + Clone) -> bool {
        let is_wanted = |span| self.wanted.iter().any(|term| term.is_in_span(span));
        (self.wanted.is_empty() || spans.clone().any(is_wanted))
            && !spans.any(|span| self.excludes_span(span))
    }

    pub(crate) fn finds_log(&self, log: &StoredLog) -> bool {
        (self.wanted.is_empty() || self.wanted.iter().any(|term| term.is_in_log(log)))
            && !self.excluded.iter().any(|term| term.excludes_log(log))
    }

    fn excludes_span(&self, span: &StoredSpan) -> bool {
        self.excluded.iter().any(|term| term.excludes_span(span))
    }
}

impl Term {
    fn new(word: &Word) -> Option<Self> {
        match word {
            Word::Text(text) if text.is_empty() => None,
            Word::Text(text) => Some(Self::Text(text.to_lowercase())),
            Word::Pair(key, value) => Some(Self::Attribute {
                key: key.clone(),
                value: value.to_lowercase(),
            }),
        }
    }

    fn is_in_span(&self, span: &StoredSpan) -> bool {
        match self {
            Self::Text(text) => {
                // Text is in the encoded form as it is, numbers and Booleans are not.
                contains(span.encoded(), text)
                    || is_in_origin(text, &span.origin)
                    || (is_id(text) && ids::parse_span_id(text) == Some(span.id))
                    || (is_scalar(text) && has_scalar(&span.decode().attributes, text))
            }
            Self::Attribute { key, value } => {
                has_attribute(&span.origin.resource, key, value)
                    // The key must be in the encoded form, which is much cheaper than to decode it.
                    || (memchr::memmem::find(span.encoded(), key.as_bytes()).is_some() && {
                        let span = span.decode();
                        has_attribute(&span.attributes, key, value)
                            || span.events.iter().any(|event| has_attribute(&event.attributes, key, value))
                    })
            }
        }
    }

    /// Like [`Self::is_in_span`], but text in keys does not count: it says nothing about the span.
    fn excludes_span(&self, span: &StoredSpan) -> bool {
        if !self.is_in_span(span) {
            return false;
        }
        let Self::Text(text) = self else { return true };
        let decoded = span.decode();
        let status = decoded
            .status
            .as_ref()
            .map_or("", |status| status.message.as_str());
        (is_id(text) && ids::parse_span_id(text) == Some(span.id))
            || contains(decoded.name.as_bytes(), text)
            || contains(status.as_bytes(), text)
            || is_in_values(text, &decoded.attributes, &span.origin)
            || decoded
                .events
                .iter()
                .any(|event| contains(event.name.as_bytes(), text) || has_value(&event.attributes, text))
            || decoded.links.iter().any(|link| has_value(&link.attributes, text))
    }

    /// Like [`Self::is_in_log`], but text in keys does not count.
    fn excludes_log(&self, log: &StoredLog) -> bool {
        if !self.is_in_log(log) {
            return false;
        }
        let Self::Text(text) = self else { return true };
        let decoded = log.decode();
        let body = decoded.body.as_ref().and_then(|body| body.value.as_ref());
        (is_id(text) && ids::parse_span_id(text) == Some(log.span))
            || contains(decoded.event_name.as_bytes(), text)
            || contains(decoded.severity_text.as_bytes(), text)
            || body.is_some_and(|body| is_in_value(body, text))
            || is_in_values(text, &decoded.attributes, &log.origin)
    }

    fn is_in_log(&self, log: &StoredLog) -> bool {
        match self {
            Self::Text(text) => {
                contains(log.encoded(), text)
                    || is_in_origin(text, &log.origin)
                    || (is_id(text) && ids::parse_span_id(text) == Some(log.span))
                    || (is_scalar(text) && has_scalar(&log.decode().attributes, text))
            }
            Self::Attribute { key, value } => {
                has_attribute(&log.origin.resource, key, value)
                    || (memchr::memmem::find(log.encoded(), key.as_bytes()).is_some()
                        && has_attribute(&log.decode().attributes, key, value))
            }
        }
    }
}

fn is_in_origin(text: &str, origin: &Origin) -> bool {
    contains(&origin.encoded, text) || contains(origin.service.as_bytes(), text)
}

/// Whether a text is in the values of attributes, in those of the resource, or in the service.
fn is_in_values(text: &str, attributes: &[KeyValue], origin: &Origin) -> bool {
    has_value(attributes, text)
        || has_value(&origin.resource, text)
        || contains(origin.service.as_bytes(), text)
}

fn has_value(attributes: &[KeyValue], text: &str) -> bool {
    let mut values = attributes
        .iter()
        .filter_map(|attribute| attribute.value.as_ref()?.value.as_ref());
    values.any(|value| is_in_value(value, text))
}

/// Whether a text is in a value, or is the value if that is a number or a Boolean. The recursion is bounded:
/// the decoders of protobuf and JSON refuse deep values.
fn is_in_value(value: &Any, text: &str) -> bool {
    match value {
        Any::StringValue(value) => contains(value.as_bytes(), text),
        Any::BytesValue(bytes) => contains(bytes, text),
        Any::ArrayValue(array) => {
            let mut values = array.values.iter().filter_map(|value| value.value.as_ref());
            values.any(|value| is_in_value(value, text))
        }
        Any::KvlistValue(map) => has_value(&map.values, text),
        scalar => value::to_text(scalar) == text,
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 16
}

/// Whether a text could be a number or a Boolean.
fn is_scalar(text: &str) -> bool {
    text == "true" || text == "false" || text.parse::<f64>().is_ok()
}

fn has_scalar(attributes: &[KeyValue], text: &str) -> bool {
    attributes
        .iter()
        .any(|attribute| value_of(attribute).is_some_and(|value| value == text))
}

fn has_attribute(attributes: &[KeyValue], key: &str, value: &str) -> bool {
    let mut of_key = attributes.iter().filter(|attribute| attribute.key == key);
    of_key.any(|attribute| value_of(attribute).is_some_and(|found| found.to_lowercase() == value))
}

fn value_of(attribute: &KeyValue) -> Option<String> {
    attribute.value.as_ref()?.value.as_ref().map(value::to_text)
}

/// Whether bytes contain a text in lower case, regardless of the case of ASCII letters.
fn contains(bytes: &[u8], text: &str) -> bool {
    let needle = text.as_bytes();
    let Some(first) = needle.first() else { return true };
    let mut rest = bytes;
    while let Some(at) = memchr2(*first, first.to_ascii_uppercase(), rest) {
        let Some(candidate) = rest.get(at..at + needle.len()) else {
            return false;
        };
        if candidate.eq_ignore_ascii_case(needle) {
            return true;
        }
        rest = rest.get(at + 1..).unwrap_or_default();
    }
    false
}

#[derive(Debug)]
enum Word {
    Text(String),
    Pair(String, String),
}

/// Reads a word, a phrase, or a pair, and returns the rest.
fn word(text: &str) -> (Word, &str) {
    if let Some((phrase, rest)) = phrase(text) {
        return (Word::Text(phrase.to_owned()), rest);
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    match word.split_once('=') {
        Some((key, _)) if !key.is_empty() => {
            let value_on = text.get(key.len() + 1..).unwrap_or_default();
            match phrase(value_on) {
                Some((value, rest)) => (Word::Pair(key.to_owned(), value.to_owned()), rest),
                None => {
                    let value = word.get(key.len() + 1..).unwrap_or_default();
                    (Word::Pair(key.to_owned(), value.to_owned()), rest)
                }
            }
        }
        _ => (Word::Text(word.to_owned()), rest),
    }
}

/// Reads a text between quotation marks.
fn phrase(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('"')?.split_once('"')
}

/// The maximum number of terms of a query.
const MAX_TERMS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_phrases_pairs_and_exclusions() {
        let text = |text: &str| Term::Text(text.to_owned());
        let pair = |key: &str, value: &str| Term::Attribute {
            key: key.to_owned(),
            value: value.to_owned(),
        };
        for (query, wanted, excluded) in [
            ("", vec![], vec![]),
            ("  Chat  gpt ", vec![text("chat"), text("gpt")], vec![]),
            ("\"Two Words\" x", vec![text("two words"), text("x")], vec![]),
            (
                "a=B c=\"d e\"f",
                vec![pair("a", "b"), pair("c", "d e"), text("f")],
                vec![],
            ),
            (
                "-a=b -\"c d\" -",
                vec![text("-")],
                vec![pair("a", "b"), text("c d")],
            ),
            ("=x \"open", vec![text("=x"), text("\"open")], vec![]),
        ] {
            let expected = TextQuery { wanted, excluded };
            assert_eq!(TextQuery::parse(query), expected, "{query:?}");
        }
    }

    #[test]
    fn text_is_found_in_any_case() {
        for (bytes, text, expected) in [
            ("GET /Orders", "orders", true),
            ("GET /Orders", "order/", false),
            ("aab", "ab", true),
            ("", "a", false),
            ("x", "", true),
            ("Ünder", "nder", true),
        ] {
            assert_eq!(
                contains(bytes.as_bytes(), text),
                expected,
                "{text:?} in {bytes:?}"
            );
        }
    }
}
