//! The instruments.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter, UpDownCounter};

use crate::semconv;

#[derive(Debug)]
pub(super) struct Instruments {
    pub(super) duration: Histogram<f64>,
    pub(super) request_size: Histogram<u64>,
    pub(super) response_size: Histogram<u64>,
    active: UpDownCounter<i64>,
}

/// A request that counts as active until it is dropped.
#[derive(Debug)]
pub(super) struct Active {
    counter: UpDownCounter<i64>,
    method: &'static str,
    scheme: &'static str,
}

impl Instruments {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            duration: meter
                .f64_histogram(semconv::HTTP_SERVER_REQUEST_DURATION)
                .with_description("Duration of HTTP server requests.")
                .with_unit(semconv::SECONDS)
                .with_boundaries(semconv::DURATION_BUCKETS.to_vec())
                .build(),
            request_size: meter
                .u64_histogram(semconv::HTTP_SERVER_REQUEST_BODY_SIZE)
                .with_description("Size of HTTP server request bodies.")
                .with_unit(semconv::BYTES)
                .build(),
            response_size: meter
                .u64_histogram(semconv::HTTP_SERVER_RESPONSE_BODY_SIZE)
                .with_description("Size of HTTP server response bodies.")
                .with_unit(semconv::BYTES)
                .build(),
            active: meter
                .i64_up_down_counter(semconv::HTTP_SERVER_ACTIVE_REQUESTS)
                .with_description("Number of active HTTP server requests.")
                .with_unit(semconv::REQUESTS)
                .build(),
        }
    }

    pub(super) fn activate(&self, method: &'static str, scheme: &'static str) -> Active {
        let active = Active {
            counter: self.active.clone(),
            method,
            scheme,
        };
        active.count(1);
        active
    }
}

impl Active {
    fn count(&self, change: i64) {
        let labels = [
            KeyValue::new(semconv::HTTP_REQUEST_METHOD, self.method),
            KeyValue::new(semconv::URL_SCHEME, self.scheme),
        ];
        self.counter.add(change, &labels);
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.count(-1);
    }
}
