//! The streams that are being read.

use opentelemetry::KeyValue;
use opentelemetry::metrics::UpDownCounter;

use super::watch::Watching;
use crate::semconv;

/// A stream that is being read, counted until this is dropped.
#[derive(Debug)]
pub(super) struct OpenStream {
    counter: UpDownCounter<i64>,
    labels: Vec<KeyValue>,
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.counter.add(-1, &self.labels);
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
        let mut labels = vec![
            KeyValue::new(semconv::OPERATION_NAME, self.head.recognised.wire.operation()),
            KeyValue::new(semconv::PROVIDER_NAME, self.head.recognised.provider.clone()),
        ];
        let model = self.ask.model.clone();
        labels.extend(model.map(|model| KeyValue::new(semconv::REQUEST_MODEL, model)));
        instruments.streams.add(1, &labels);
        self.stream = Some(OpenStream {
            counter: instruments.streams.clone(),
            labels,
        });
    }
}
