//! Metrics for Prometheus to scrape, from a listener of its own or from a route of the program.

mod server;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use opentelemetry_sdk::metrics::MeterProviderBuilder;
use prometheus::proto::MetricFamily;
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

/// The metrics of the meter providers.
#[derive(Clone, Default)]
struct Metrics {
    registries: Arc<Mutex<Vec<Registry>>>,
    readings: Arc<OnceLock<Arc<Health>>>,
}

impl Prometheus {
    /// Listens, if the configuration says where.
    pub(crate) fn start(config: &TelemetryConfig) -> Result<Self, InitError> {
        let metrics = Metrics::default();
        let served = metrics.clone();
        let listen = config.prometheus_listen.as_deref();
        let server = listen
            .map(|address| Server::start(address, move |reading| served.page(reading)))
            .transpose()?;
        Ok(Self { metrics, server })
    }

    /// Adds the metrics of a provider; those of one of several services have the label `job`, as the collector gives them
    /// (<https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/>).
    pub(crate) fn add(
        &self,
        builder: MeterProviderBuilder,
        service: Option<&str>,
    ) -> Result<MeterProviderBuilder, InitError> {
        let failed = || InitError::exporter("metrics for Prometheus cannot be set up".into());
        let labels = service.map(|name| HashMap::from([(JOB.to_owned(), name.to_owned())]));
        let registry = Registry::new_custom(None, labels).map_err(|error| failed().caused_by(error))?;
        // Without scope labels: they would stand beside `direction` on every series.
        let exporter = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .scope_info_enabled(false)
            .build();
        let exporter = exporter.map_err(|error| failed().caused_by(error))?;
        self.metrics.registries().push(registry);
        Ok(builder.with_reader(exporter))
    }

    /// The metrics as Prometheus reads them.
    pub(crate) fn text(&self) -> String {
        self.metrics.page(Reading::Read)
    }

    /// As [`text`](Self::text), to be kept.
    pub(crate) fn reader(&self) -> impl Fn() -> String + Clone + Send + Sync + 'static + use<> {
        let metrics = self.metrics.clone();
        move || metrics.page(Reading::Read)
    }

    /// Counts each reading.
    pub(crate) fn count(&self, readings: Arc<Health>) {
        let _ = self.metrics.readings.set(readings);
    }

    /// Where the listener is.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.server.as_ref().map(Server::address)
    }
}

impl Metrics {
    fn registries(&self) -> MutexGuard<'_, Vec<Registry>> {
        self.registries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn page(&self, reading: Reading) -> String {
        if let (Reading::Read, Some(readings)) = (reading, self.readings.get()) {
            readings.record(1, &Ok(()));
        }
        let registries = self.registries().clone();
        let families = merged(registries.iter().flat_map(Registry::gather));
        TextEncoder::new().encode_to_string(&families).unwrap_or_default()
    }
}

/// A family stands once in a page, with the series of every service; of two kinds the first stays.
fn merged(families: impl Iterator<Item = MetricFamily>) -> Vec<MetricFamily> {
    let mut merged: BTreeMap<String, MetricFamily> = BTreeMap::new();
    for mut family in families {
        match merged.entry(family.name().to_owned()) {
            Entry::Vacant(place) => drop(place.insert(family)),
            Entry::Occupied(mut place) => {
                let known = place.get_mut();
                if known.get_field_type() == family.get_field_type() {
                    known.mut_metric().extend(family.take_metric());
                }
            }
        }
    }
    merged.into_values().collect()
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

const JOB: &str = "job";
