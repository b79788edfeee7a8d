//! The streams that are being read.

use opentelemetry::metrics::UpDownCounter;
use throughline_tracing_layer::labels::Labels;

use super::state::CallState;

/// A stream that is being read, counted until this is dropped.
#[derive(Debug)]
pub(super) struct OpenStream {
    counter: UpDownCounter<i64>,
    labels: Labels,
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.counter.add(-1, self.labels.as_slice());
    }
}

impl OpenStream {
    /// Counts the answer of this call, whose head has arrived, if it is a stream.
    pub(super) fn open(call: &CallState) -> Option<Self> {
        let instruments = call.shared.instruments.in_context(&call.cx)?;
        if !call.is_streamed() || call.is_unconfirmed() {
            return None;
        }
        let budget = instruments.budget(&call.shared.config);
        let labels = budget.request_dimensions(call).series(budget.streams(), []);
        instruments.streams.add(1, labels.as_slice());
        Some(Self {
            counter: instruments.streams.clone(),
            labels,
        })
    }
}
