//! The trait of all exporters. An exporter adds itself to the builders of the providers.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::sync::Arc;

use opentelemetry_sdk::logs::LoggerProviderBuilder;
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::trace::TracerProviderBuilder;

use crate::config::TelemetryConfig;
use crate::error::InitError;
use crate::health::DeliveryMonitor;

/// An exporter. All signals and services with the same kind of exporter share one instance.
///
/// The configuration rejects signals that an exporter does not support. Their methods add nothing.
pub(super) trait SignalExporter: Debug + Send {
    fn traces(
        &mut self,
        builder: TracerProviderBuilder,
        _: &Attachment<'_>,
    ) -> Result<TracerProviderBuilder, InitError> {
        Ok(builder)
    }

    fn metrics(
        &mut self,
        builder: MeterProviderBuilder,
        attachment: &Attachment<'_>,
    ) -> Result<MeterProviderBuilder, InitError>;

    fn logs(
        &mut self,
        builder: LoggerProviderBuilder,
        _: &Attachment<'_>,
    ) -> Result<LoggerProviderBuilder, InitError> {
        Ok(builder)
    }

    /// Returns the renderer of the metrics page, if this exporter has one.
    fn page_renderer(&self) -> Option<PageRenderer> {
        None
    }

    /// Returns the address on which this exporter listens, if it does.
    fn address(&self) -> Option<SocketAddr> {
        None
    }
}

/// Renders the metrics as a page for Prometheus.
pub(crate) type PageRenderer = Arc<dyn Fn() -> String + Send + Sync>;

/// The signal that an exporter is added for, of the process or of one service in it.
#[derive(Debug)]
pub(super) struct Attachment<'a> {
    pub(super) config: &'a TelemetryConfig,
    /// The name of the service, if the process has several.
    pub(super) service: Option<&'a str>,
    pub(super) monitor: DeliveryMonitor,
}
