//! The instruments.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Meter, UpDownCounter};

use super::calls::Calls;
use crate::{metrics, semconv};

#[derive(Debug)]
pub(super) struct Instruments {
    pub(super) exchange: metrics::Instruments,
    pub(super) calls: Calls,
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
        let exchange = metrics::Instruments {
            duration: metrics::seconds(
                meter,
                semconv::HTTP_SERVER_REQUEST_DURATION,
                "Duration of HTTP server requests.",
            ),
            request_size: metrics::bytes(
                meter,
                semconv::HTTP_SERVER_REQUEST_BODY_SIZE,
                "Size of HTTP server request bodies.",
            ),
            response_size: metrics::bytes(
                meter,
                semconv::HTTP_SERVER_RESPONSE_BODY_SIZE,
                "Size of HTTP server response bodies.",
            ),
        };
        let active = meter
            .i64_up_down_counter(semconv::HTTP_SERVER_ACTIVE_REQUESTS)
            .with_description("Number of active HTTP server requests.")
            .with_unit(semconv::REQUESTS)
            .build();
        Self {
            exchange,
            calls: Calls::new(meter),
            active,
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
