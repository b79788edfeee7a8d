//! The instruments.

use opentelemetry::metrics::{Histogram, Meter};

use crate::semconv;

#[derive(Debug)]
pub(super) struct Instruments {
    pub(super) duration: Histogram<f64>,
    pub(super) request_size: Histogram<u64>,
    pub(super) response_size: Histogram<u64>,
}

impl Instruments {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            duration: meter
                .f64_histogram(semconv::HTTP_CLIENT_REQUEST_DURATION)
                .with_description("Duration of HTTP client requests.")
                .with_unit(semconv::SECONDS)
                .with_boundaries(semconv::DURATION_BUCKETS.to_vec())
                .build(),
            request_size: meter
                .u64_histogram(semconv::HTTP_CLIENT_REQUEST_BODY_SIZE)
                .with_description("Size of HTTP client request bodies.")
                .with_unit(semconv::BYTES)
                .build(),
            response_size: meter
                .u64_histogram(semconv::HTTP_CLIENT_RESPONSE_BODY_SIZE)
                .with_description("Size of HTTP client response bodies.")
                .with_unit(semconv::BYTES)
                .build(),
        }
    }
}
