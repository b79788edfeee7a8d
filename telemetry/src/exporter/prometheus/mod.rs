//! Metrics for Prometheus to scrape, from a listener of this crate or from a route in the program.

mod negotiate;
mod openmetrics;
mod page;
mod scrape;
mod server;

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use prometheus::Registry;

use crate::config::TelemetryConfig;
use crate::error::InitError;
use crate::health::Health;

use self::page::MetricsPage;
use self::scrape::Scrapes;
use self::server::{Server, ServerLimits};
use super::signal_exporter::{Addition, Attachment, PageRenderer, SignalExporter};

/// The metrics of a scrape, and the listener that serves them.
#[derive(Debug)]
pub(super) struct PrometheusExporter {
    metrics: CollectedMetrics,
    server: Option<Server>,
}

/// The metrics of the meter providers.
#[derive(Clone, Default)]
struct CollectedMetrics {
    registries: Arc<Mutex<Vec<Registry>>>,
    readings: Arc<OnceLock<Arc<Health>>>,
}

impl PrometheusExporter {
    /// Starts the listener, if one is configured.
    pub(super) fn start(config: &TelemetryConfig) -> Result<Self, InitError> {
        let metrics = CollectedMetrics::default();
        let start = |address| {
            let (collected, read) = (metrics.clone(), metrics.clone());
            let scrapes = Scrapes::new(move || collected.page());
            let read = move |page: Result<(), &str>| read.record(page);
            Server::start(address, ServerLimits::DEFAULT, scrapes, read)
        };
        let server = config.prometheus_listen.as_deref().map(start).transpose()?;
        Ok(Self { metrics, server })
    }
}

impl SignalExporter for PrometheusExporter {
    /// Metrics of a named service have the label `job`, as in the collector
    fn metrics(&mut self, attachment: &Attachment<'_>) -> Result<Addition<MeterProviderBuilder>, InitError> {
        let failed = || InitError::exporter("metrics for Prometheus cannot be set up".into());
        let labels = attachment
            .service
            .map(|name| HashMap::from([(JOB_LABEL.to_owned(), name.to_owned())]));
        let registry = Registry::new_custom(None, labels).map_err(|error| failed().caused_by(error))?;
        // Scope labels are disabled, because they would appear on every series, in addition to `direction`.
        let exporter = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .scope_info_enabled(false)
            .build();
        let exporter = exporter.map_err(|error| failed().caused_by(error))?;
        self.metrics.registries().push(registry);
        // Reads are counted for all services together.
        let _ = self.metrics.readings.set(attachment.monitor.health());
        Ok(Box::new(move |builder| builder.with_reader(exporter)))
    }

    fn page_renderer(&self) -> Option<PageRenderer> {
        let metrics = self.metrics.clone();
        Some(Arc::new(move || metrics.text()))
    }

    fn address(&self) -> Option<SocketAddr> {
        self.server.as_ref().map(Server::address)
    }
}

impl CollectedMetrics {
    fn registries(&self) -> MutexGuard<'_, Vec<Registry>> {
        self.registries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn page(&self) -> MetricsPage {
        let registries = self.registries().clone();
        MetricsPage::new(registries.iter().flat_map(Registry::gather))
    }

    fn text(&self) -> String {
        let text = self.page().text();
        self.record(text.as_ref().map(drop).map_err(String::as_str));
        text.unwrap_or_default()
    }

    fn record(&self, read: Result<(), &str>) {
        let Some(readings) = self.readings.get() else {
            return;
        };
        let read: OTelSdkResult = read.map_err(|why| OTelSdkError::InternalFailure(why.to_owned()));
        readings.record(1, &read);
    }
}

impl fmt::Debug for CollectedMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CollectedMetrics")
    }
}

const JOB_LABEL: &str = "job";
