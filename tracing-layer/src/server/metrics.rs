//! The instruments.

use opentelemetry::metrics::{BoundUpDownCounter, Meter, UpDownCounter};

use super::calls::Calls;
use crate::series::{Bindable, Series};
use crate::{metrics, semconv};

#[derive(Debug)]
pub(super) struct Instruments {
    pub(super) exchange: metrics::Instruments,
    pub(super) calls: Calls,
    active: Bindable<i64, UpDownCounter<i64>>,
}

/// A request that counts as active until it is dropped.
#[derive(Debug)]
pub(super) enum Active {
    /// The counter is bound to the labels of the request.
    Bound(BoundUpDownCounter<i64>),
    /// The counter is not bound.
    Unbound {
        counter: UpDownCounter<i64>,
        method: &'static str,
        scheme: &'static str,
    },
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
            active: Bindable::new(active),
        }
    }

    /// Counts a request as active. `binds` says whether the provider supports bound instruments.
    pub(super) fn activate(&self, method: &'static str, scheme: &'static str, binds: bool) -> Active {
        let series = series(method, scheme);
        if let Some(bound) = self.active.get(&series, binds) {
            bound.add(1);
            return Active::Bound(bound.clone());
        }
        self.active.record(1, &series, binds);
        Active::Unbound {
            counter: self.active.instrument().clone(),
            method,
            scheme,
        }
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        match self {
            Self::Bound(counter) => counter.add(-1),
            Self::Unbound {
                counter,
                method,
                scheme,
            } => counter.add(-1, series(method, scheme).labels().as_slice()),
        }
    }
}

fn series(method: &'static str, scheme: &'static str) -> Series {
    let mut series = Series::new();
    series.push(semconv::HTTP_REQUEST_METHOD, method);
    series.push(semconv::URL_SCHEME, scheme);
    series
}
