//! The trait of all exporters. An exporter returns what it adds to the builders of the providers.

use std::convert::identity;
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
    fn traces(&mut self, _: &Attachment<'_>) -> Result<Addition<TracerProviderBuilder>, InitError> {
        Ok(Box::new(identity))
    }

    fn metrics(&mut self, attachment: &Attachment<'_>) -> Result<Addition<MeterProviderBuilder>, InitError>;

    fn logs(&mut self, _: &Attachment<'_>) -> Result<Addition<LoggerProviderBuilder>, InitError> {
        Ok(Box::new(identity))
    }

    /// Returns the renderer of the metrics page, if this exporter has one.
    fn page_renderer(&self) -> Option<PageRenderer> {
        None
    }

    /// Returns the page of the viewer, if this exporter is one.
    #[cfg(feature = "viewer")]
    fn viewer_router(&self) -> Option<axum::Router> {
        None
    }

    /// Returns the address on which this exporter listens, if it does.
    fn address(&self) -> Option<SocketAddr> {
        None
    }
}

/// Adds a processor or a reader that is set up to the builder of a provider. It cannot fail, so an exporter
/// that cannot be set up leaves the builder to the others.
pub(super) type Addition<B> = Box<dyn FnOnce(B) -> B>;

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
