//! The labels of a series.

use arrayvec::ArrayVec;
use opentelemetry::Value;

use super::text::Text;
use crate::labels::Labels;
use crate::limits::series_id;

/// A list of up to eight labels that is cheap to compare with another one. Further labels are dropped.
#[derive(Debug, Clone, Default)]
pub struct Series {
    /// Mixed from the values. Two lists with the same labels usually have the same number.
    id: u64,
    labels: ArrayVec<(&'static str, SeriesValue), 8>,
}

/// The value of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SeriesValue {
    /// A text.
    Text(Text),
    /// A number.
    Integer(i64),
}

impl Series {
    /// Creates an empty list.
    #[inline]
    #[must_use]
    pub fn new() -> Self {
        Self {
            id: 0,
            labels: ArrayVec::new_const(),
        }
    }

    /// Adds a label, if there is space.
    #[inline]
    pub fn push(&mut self, key: &'static str, value: impl Into<SeriesValue>) {
        let value = value.into();
        if !self.labels.is_full() {
            let part = match &value {
                SeriesValue::Text(text) => text.id(),
                SeriesValue::Integer(number) => *number as u64,
            };
            self.id = series_id([self.id, part]);
            self.labels.push((key, value));
        }
    }

    /// Returns the labels as OpenTelemetry's attributes.
    #[must_use]
    pub fn labels(&self) -> Labels {
        let mut labels = Labels::new();
        for (key, value) in &self.labels {
            labels.push(key, value.clone());
        }
        labels
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }
}

impl PartialEq for Series {
    fn eq(&self, other: &Self) -> bool {
        let is_same = |(one, other): (&(&str, SeriesValue), &(&str, SeriesValue))| {
            // A literal key usually has one address.
            (std::ptr::eq(one.0, other.0) || one.0 == other.0) && one.1 == other.1
        };
        self.labels.len() == other.labels.len() && self.labels.iter().zip(&other.labels).all(is_same)
    }
}

impl Eq for Series {}

impl<T: Into<Text>> From<T> for SeriesValue {
    #[inline]
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

impl From<i64> for SeriesValue {
    #[inline]
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<SeriesValue> for Value {
    fn from(value: SeriesValue) -> Self {
        match value {
            SeriesValue::Text(text) => text.into(),
            SeriesValue::Integer(number) => number.into(),
        }
    }
}
