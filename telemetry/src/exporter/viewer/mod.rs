//! The viewer: the telemetry of this process in a store, without a network, and a page that shows it.

mod server;
mod sink;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use opentelemetry_sdk::logs::LoggerProviderBuilder;
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::trace::TracerProviderBuilder;
use throughline_viewer::Viewer;

use crate::config::TelemetryConfig;
use crate::error::InitError;

use self::server::Server;
use self::sink::ViewerSink;
use super::batch::BatchExporter;
use super::signal_exporter::{Addition, Attachment, SignalExporter};

/// Adds the telemetry of all services of the process to one store.
#[derive(Debug)]
pub(super) struct ViewerExporter {
    viewer: Viewer,
    server: Option<Server>,
}

impl ViewerExporter {
    /// Starts the listener, if one is configured.
    pub(super) fn start(config: &TelemetryConfig) -> Result<Self, InitError> {
        let viewer = Viewer::default();
        let listen = config.viewer_listen.as_deref();
        let server = listen
            .map(|address| Server::start(address, &viewer))
            .transpose()?;
        Ok(Self { viewer, server })
    }

    fn exporter(&self) -> BatchExporter<ViewerSink> {
        BatchExporter::new(ViewerSink(self.viewer.clone()))
    }
}

impl SignalExporter for ViewerExporter {
    fn traces(&mut self, attachment: &Attachment<'_>) -> Result<Addition<TracerProviderBuilder>, InitError> {
        let (monitor, exporter) = (
            attachment.monitor.clone().with_max_delay(MAX_DELAY),
            self.exporter(),
        );
        Ok(Box::new(move |builder| monitor.spans(builder, exporter)))
    }

    fn metrics(&mut self, attachment: &Attachment<'_>) -> Result<Addition<MeterProviderBuilder>, InitError> {
        let (monitor, exporter) = (
            attachment.monitor.clone().with_max_delay(MAX_METRIC_DELAY),
            self.exporter(),
        );
        Ok(Box::new(move |builder| monitor.metrics(builder, exporter)))
    }

    fn logs(&mut self, attachment: &Attachment<'_>) -> Result<Addition<LoggerProviderBuilder>, InitError> {
        let (monitor, exporter) = (
            attachment.monitor.clone().with_max_delay(MAX_DELAY),
            self.exporter(),
        );
        Ok(Box::new(move |builder| monitor.logs(builder, exporter)))
    }

    fn viewer_router(&self) -> Option<Router> {
        Some(self.viewer.router())
    }

    fn address(&self) -> Option<SocketAddr> {
        self.server.as_ref().map(Server::address)
    }
}

impl Drop for ViewerExporter {
    /// Ends the event streams of open pages, which could hold up the shutdown of the program's own server.
    fn drop(&mut self) {
        self.viewer.end();
    }
}

/// The delay of spans and log records. The page is live.
const MAX_DELAY: Duration = Duration::from_millis(250);
/// The interval of metrics.
const MAX_METRIC_DELAY: Duration = Duration::from_secs(5);
