//! The times between the chunks of one stream.

use std::sync::Arc;

use opentelemetry::metrics::{BoundHistogram, Histogram};
use throughline_tracing_layer::labels::Labels;

use super::bound::Numbered;

/// The series of the times between the chunks of one stream. It is looked up once, and bound if that is
/// possible.
pub(super) struct ChunkSeries {
    /// The model that answers, of which the labels are.
    model: Option<Arc<str>>,
    labels: Labels,
    bound: Vec<BoundHistogram<f64>>,
}

impl ChunkSeries {
    pub(super) fn new(model: Option<Arc<str>>, labels: Labels) -> Self {
        Self {
            model,
            labels,
            bound: Vec::new(),
        }
    }

    /// Returns whether this is the series of a stream that this model answers.
    pub(super) fn is_of(&self, model: Option<&Arc<str>>) -> bool {
        // A model that stays the same stays in place.
        match (&self.model, model) {
            (Some(own), Some(model)) => Arc::ptr_eq(own, model),
            (own, model) => own.is_none() && model.is_none(),
        }
    }

    /// Records a time, in seconds, with the instruments that are bound. Returns whether there are any.
    pub(super) fn record_bound(&self, seconds: f64) -> bool {
        self.bound.iter().for_each(|bound| bound.record(seconds));
        !self.bound.is_empty()
    }

    /// Records a time with this instrument, which is then bound if its provider supports that.
    pub(super) fn record(&mut self, seconds: f64, histogram: &Numbered<f64, Histogram<f64>>, binds: bool) {
        let labels = self.labels.as_slice();
        histogram.measure(seconds, labels);
        if binds {
            self.bound.push(histogram.bind(labels));
        }
    }
}
