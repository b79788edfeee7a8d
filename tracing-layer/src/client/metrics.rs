//! The instruments.

use opentelemetry::metrics::Meter;

use crate::metrics::{self, Instruments};
use crate::semconv;

pub(super) fn instruments(meter: &Meter) -> Instruments {
    Instruments {
        duration: metrics::seconds(
            meter,
            semconv::HTTP_CLIENT_REQUEST_DURATION,
            "Duration of HTTP client requests.",
        ),
        request_size: metrics::bytes(
            meter,
            semconv::HTTP_CLIENT_REQUEST_BODY_SIZE,
            "Size of HTTP client request bodies.",
        ),
        response_size: metrics::bytes(
            meter,
            semconv::HTTP_CLIENT_RESPONSE_BODY_SIZE,
            "Size of HTTP client response bodies.",
        ),
    }
}
