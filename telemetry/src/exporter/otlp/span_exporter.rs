//! The exporter of spans.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::delivery::Delivery;
use super::span_encoding::SpanEncoder;

/// Encodes spans and delivers them, until it is shut down.
#[derive(Debug)]
pub(super) struct OtlpSpanExporter {
    encoder: SpanEncoder,
    /// `None` after the shutdown, which closes the connection.
    delivery: Mutex<Option<Arc<Delivery>>>,
}

impl OtlpSpanExporter {
    pub(super) fn new(delivery: Delivery) -> Self {
        Self {
            encoder: SpanEncoder::default(),
            delivery: Mutex::new(Some(Arc::new(delivery))),
        }
    }

    /// Returns a copy, so that a shutdown does not wait for an export.
    fn delivery(&self) -> Option<Arc<Delivery>> {
        self.delivery
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl SpanExporter for OtlpSpanExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let delivery = self.delivery().ok_or(OTelSdkError::AlreadyShutdown)?;
        let request = self.encoder.request(&batch);
        // While the request is delivered, which may take seconds, only its bytes are held.
        drop(batch);
        delivery
            .export(request.into())
            .map_err(|error| OTelSdkError::InternalFailure(error.to_string()))
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        let delivery = self
            .delivery
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        delivery.map(drop).ok_or(OTelSdkError::AlreadyShutdown)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.encoder = SpanEncoder::new(resource);
    }
}
