//! A destination of telemetry without a cost.

use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{PeriodicReader, Temporality};
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

/// Accepts everything and discards it.
#[derive(Debug)]
pub struct Nowhere;

impl Nowhere {
    /// Returns a reader of metrics that never reads during a run.
    #[must_use]
    pub fn reader() -> PeriodicReader<Self> {
        PeriodicReader::builder(Self)
            .with_interval(LONGER_THAN_ANY_RUN)
            .build()
    }
}

impl SpanProcessor for Nowhere {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        drop(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl PushMetricExporter for Nowhere {
    async fn export(&self, _: &ResourceMetrics) -> OTelSdkResult {
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}

const LONGER_THAN_ANY_RUN: Duration = Duration::from_secs(24 * 60 * 60);
