//! What every exporter does: it adds itself to the builders of the providers.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::sync::Arc;

use opentelemetry_sdk::logs::LoggerProviderBuilder;
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::trace::TracerProviderBuilder;

use crate::config::TelemetryConfig;
use crate::error::InitError;
use crate::health::DeliveryMonitor;

/// An exporter of one kind. All signals and services that use the kind share one.
///
/// A signal that the exporter does not take is refused by the configuration's check, so its method adds
/// nothing.
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

    /// Renders the metrics, if this exporter has a page of them.
    fn page_renderer(&self) -> Option<PageRenderer> {
        None
    }

    /// Where this exporter listens, if it does.
    fn address(&self) -> Option<SocketAddr> {
        None
    }
}

/// Renders the metrics as a page for Prometheus.
pub(crate) type PageRenderer = Arc<dyn Fn() -> String + Send + Sync>;

/// What an exporter is added for: one signal of the process, or of one service in it.
#[derive(Debug)]
pub(super) struct Attachment<'a> {
    pub(super) config: &'a TelemetryConfig,
    /// The name of the service, if it is one of several.
    pub(super) service: Option<&'a str>,
    pub(super) monitor: DeliveryMonitor,
}
