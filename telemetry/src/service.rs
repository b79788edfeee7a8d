//! A provider for each service, where a process is several.

use std::collections::BTreeMap;
use std::sync::Arc;

use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;

use crate::error::InitError;
use crate::exporter::ExporterSetup;
use crate::providers::Providers;

/// The providers of one service of several in a process, from [`Telemetry::for_service`](crate::Telemetry::for_service). Clones share them.
///
/// They are flushed and shut down with the [`Telemetry`](crate::Telemetry) that they are of.
#[derive(Debug, Clone)]
pub struct ServiceTelemetry {
    providers: Option<Providers>,
}

impl ServiceTelemetry {
    pub(crate) fn new(providers: Option<Providers>) -> Self {
        Self { providers }
    }

    /// The provider for the service's layers, if spans are recorded.
    #[must_use]
    pub fn tracer_provider(&self) -> Option<&SdkTracerProvider> {
        self.providers.as_ref()?.tracer.as_ref()
    }

    /// The provider of the service's instruments, if metrics are recorded.
    #[must_use]
    pub fn meter_provider(&self) -> Option<&SdkMeterProvider> {
        self.providers.as_ref()?.meter.as_ref()
    }

    /// The provider that takes the service's log records, if logs are exported.
    #[must_use]
    pub fn logger_provider(&self) -> Option<&SdkLoggerProvider> {
        self.providers.as_ref()?.logger.as_ref()
    }
}

/// The services of a process, and what makes their providers.
#[derive(Debug)]
pub(crate) struct Services {
    providers: BTreeMap<Arc<str>, Providers>,
    /// Ends after the providers: a field is dropped after those before it.
    pub(crate) setup: ExporterSetup,
}

impl Services {
    pub(crate) fn new(setup: ExporterSetup) -> Self {
        Self {
            providers: BTreeMap::new(),
            setup,
        }
    }

    /// Each service with its providers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Providers)> {
        self.providers.iter()
    }

    pub(crate) fn providers(&mut self, name: Arc<str>) -> Result<Providers, InitError> {
        if let Some(providers) = self.providers.get(&name) {
            return Ok(providers.clone());
        }
        let providers = self.setup.providers(Some(&name))?;
        self.providers.insert(name, providers.clone());
        Ok(providers)
    }
}
