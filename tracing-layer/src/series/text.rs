//! Texts of attributes that are cheap to clone and to compare.

use std::ptr;
use std::sync::Arc;

use opentelemetry::{StringValue, Value};

use crate::limits::{MAX_LABEL_BYTES, Place, literal_id, text_id, truncate};
use crate::semconv::OTHER;

/// A text that the program fixes, or one that is shared.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Text {
    /// A literal, or a text that is interned for the life of the process.
    Literal(&'static str),
    /// Any other text.
    Shared(Arc<str>),
}

impl Text {
    /// Returns the text.
    #[inline]
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Literal(text) => text,
            Self::Shared(text) => text,
        }
    }

    /// Returns the label of a value at this place: cut to [`MAX_LABEL_BYTES`], or `_OTHER`.
    pub(crate) fn label(place: Place, value: Arc<str>) -> Self {
        if place.is_other() {
            return Self::Literal(OTHER);
        }
        match truncate(&value, MAX_LABEL_BYTES) {
            whole if whole.len() == value.len() => Self::Shared(value),
            start => Self::Shared(start.into()),
        }
    }

    /// Returns a hash. Two equal texts may have different ones, if a literal is in the program twice.
    #[inline]
    pub(crate) fn id(&self) -> u64 {
        match self {
            Self::Literal(text) => literal_id(text),
            Self::Shared(text) => text_id(text),
        }
    }
}

impl PartialEq for Text {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let (one, other) = (self.as_str(), other.as_str());
        // Usually both are the same literal, for which this needs no look at the bytes.
        ptr::eq(one, other) || one == other
    }
}

impl Eq for Text {}

impl From<&'static str> for Text {
    #[inline]
    fn from(text: &'static str) -> Self {
        Self::Literal(text)
    }
}

impl From<Arc<str>> for Text {
    #[inline]
    fn from(text: Arc<str>) -> Self {
        Self::Shared(text)
    }
}

impl From<Text> for StringValue {
    #[inline]
    fn from(text: Text) -> Self {
        match text {
            Text::Literal(text) => text.into(),
            Text::Shared(text) => text.into(),
        }
    }
}

impl From<Text> for Value {
    #[inline]
    fn from(text: Text) -> Self {
        Self::String(text.into())
    }
}
