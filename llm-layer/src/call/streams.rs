//! The streams that are being read.

use opentelemetry::metrics::UpDownCounter;
use throughline_tracing_layer::labels::Labels;

use super::watch::Watching;

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

impl Watching {
    /// The head of the answer is here: if it is a stream, it is open from now on.
    pub(super) fn open_stream(&mut self) {
        let Some(instruments) = self.shared.instruments.in_context(&self.cx) else {
            return;
        };
        if !self.is_streamed() {
            return;
        }
        let budget = instruments.budget(&self.shared.config);
        let labels = budget.request_dimensions(self).series(budget.streams(), []);
        instruments.streams.add(1, labels.as_slice());
        self.stream = Some(OpenStream {
            counter: instruments.streams.clone(),
            labels,
        });
    }
}
