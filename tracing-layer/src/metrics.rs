//! The instruments that servers and clients share.

use std::time::Duration;

use opentelemetry::metrics::{Histogram, Meter};

use crate::exchange::Sizes;
use crate::semconv;
use crate::series::{Bindable, Series};

/// The instruments of every exchange.
#[derive(Debug)]
pub(crate) struct Instruments {
    pub(crate) duration: Bindable<f64, Histogram<f64>>,
    pub(crate) request_size: Bindable<u64, Histogram<u64>>,
    pub(crate) response_size: Bindable<u64, Histogram<u64>>,
}

impl Instruments {
    pub(crate) fn record_duration(&self, lasted: Duration, series: &Series, binds: bool) {
        self.duration.record(lasted.as_secs_f64(), series, binds);
    }

    /// Records the sizes that are known.
    pub(crate) fn record_sizes(&self, sizes: Sizes, series: &Series, binds: bool) {
        if let Some(bytes) = sizes.request {
            self.request_size.record(bytes, series, binds);
        }
        if let Some(bytes) = sizes.response {
            self.response_size.record(bytes, series, binds);
        }
    }
}

pub(crate) fn seconds(
    meter: &Meter,
    name: &'static str,
    description: &'static str,
) -> Bindable<f64, Histogram<f64>> {
    let histogram = meter
        .f64_histogram(name)
        .with_description(description)
        .with_unit(semconv::SECONDS)
        .with_boundaries(semconv::DURATION_BUCKETS.to_vec())
        .build();
    Bindable::new(histogram)
}

pub(crate) fn bytes(
    meter: &Meter,
    name: &'static str,
    description: &'static str,
) -> Bindable<u64, Histogram<u64>> {
    let histogram = meter
        .u64_histogram(name)
        .with_description(description)
        .with_unit(semconv::BYTES)
        .build();
    Bindable::new(histogram)
}
