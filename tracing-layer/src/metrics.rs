//! The instruments that servers and clients share.

use std::time::Duration;

use opentelemetry::metrics::{Histogram, Meter};

use crate::exchange::Sizes;
use crate::labels::Labels;
use crate::semconv;

/// The instruments of every exchange.
#[derive(Debug)]
pub(crate) struct Instruments {
    pub(crate) duration: Histogram<f64>,
    pub(crate) request_size: Histogram<u64>,
    pub(crate) response_size: Histogram<u64>,
}

impl Instruments {
    pub(crate) fn record_duration(&self, lasted: Duration, labels: &Labels) {
        self.duration.record(lasted.as_secs_f64(), labels.as_slice());
    }

    /// Records the sizes that are known.
    pub(crate) fn record_sizes(&self, sizes: Sizes, labels: &Labels) {
        if let Some(bytes) = sizes.request {
            self.request_size.record(bytes, labels.as_slice());
        }
        if let Some(bytes) = sizes.response {
            self.response_size.record(bytes, labels.as_slice());
        }
    }
}

pub(crate) fn seconds(meter: &Meter, name: &'static str, description: &'static str) -> Histogram<f64> {
    meter
        .f64_histogram(name)
        .with_description(description)
        .with_unit(semconv::SECONDS)
        .with_boundaries(semconv::DURATION_BUCKETS.to_vec())
        .build()
}

pub(crate) fn bytes(meter: &Meter, name: &'static str, description: &'static str) -> Histogram<u64> {
    meter
        .u64_histogram(name)
        .with_description(description)
        .with_unit(semconv::BYTES)
        .build()
}
