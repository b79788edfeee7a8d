//! The streams that are being read.

use opentelemetry::metrics::UpDownCounter;
use throughline_tracing_layer::labels::Labels;

/// A stream that is being read, counted until this is dropped.
#[derive(Debug)]
pub(super) struct OpenStream {
    counter: UpDownCounter<i64>,
    labels: Labels,
}

impl OpenStream {
    pub(super) fn new(counter: UpDownCounter<i64>, labels: Labels) -> Self {
        counter.add(1, labels.as_slice());
        Self { counter, labels }
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.counter.add(-1, self.labels.as_slice());
    }
}
