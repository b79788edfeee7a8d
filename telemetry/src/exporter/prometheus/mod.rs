//! Metrics for Prometheus to scrape, from a listener of its own or from a route of the program.

mod server;

use std::fmt;
use std::sync::{Arc, OnceLock};

use opentelemetry_sdk::metrics::MeterProviderBuilder;
use prometheus::{Registry, TextEncoder};

use crate::config::TelemetryConfig;
use crate::error::InitError;
use crate::health::Health;

use self::server::{Reading, Server};

/// What a scrape sees, and the listener that answers it.
#[derive(Debug)]
pub(crate) struct Prometheus {
    metrics: Metrics,
    server: Option<Server>,
}

/// The metrics of one meter provider.
#[derive(Clone)]
struct Metrics {
    registry: Registry,
    readings: Arc<OnceLock<Arc<Health>>>,
}

impl Prometheus {
    /// The metrics as Prometheus reads them.
    pub(crate) fn text(&self) -> String {
        self.metrics.page(Reading::Read)
    }

    /// Counts each reading.
    pub(crate) fn count(&self, readings: Arc<Health>) {
        let _ = self.metrics.readings.set(readings);
    }

    /// Where the listener is.
    pub(crate) fn address(&self) -> Option<std::net::SocketAddr> {
        self.server.as_ref().map(Server::address)
    }
}

impl Metrics {
    fn page(&self, reading: Reading) -> String {
        if let (Reading::Read, Some(readings)) = (reading, self.readings.get()) {
            readings.record(1, &Ok(()));
        }
        TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .unwrap_or_default()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

/// Without scope labels: they would stand beside `direction` on every series.
pub(crate) fn metrics(
    builder: MeterProviderBuilder,
    config: &TelemetryConfig,
) -> Result<(MeterProviderBuilder, Prometheus), InitError> {
    let registry = Registry::new();
    let exporter = opentelemetry_prometheus::exporter()
        .with_registry(registry.clone())
        .scope_info_enabled(false);
    let exporter = exporter.build();
    let exporter = exporter.map_err(|error| {
        InitError::exporter("metrics for Prometheus cannot be set up".into()).caused_by(error)
    })?;
    let metrics = Metrics {
        registry,
        readings: Arc::default(),
    };
    let served = metrics.clone();
    let listen = config.prometheus_listen.as_deref();
    let server = listen
        .map(|address| Server::start(address, move |reading| served.page(reading)))
        .transpose()?;
    Ok((builder.with_reader(exporter), Prometheus { metrics, server }))
}
