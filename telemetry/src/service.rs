//! The providers of each service, if a process has several services.

use std::collections::BTreeMap;
use std::sync::Arc;

use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;

use crate::error::InitError;
use crate::exporter::ExporterSetup;
use crate::providers::Providers;

/// The providers of one of several services in a process, from
/// [`Telemetry::for_service`](crate::Telemetry::for_service). Clones share them.
///
/// They are flushed and shut down with their [`Telemetry`](crate::Telemetry).
#[derive(Debug, Clone)]
pub struct ServiceTelemetry {
    providers: Option<Providers>,
}

impl ServiceTelemetry {
    pub(crate) fn new(providers: Option<Providers>) -> Self {
        Self { providers }
    }

    /// Returns the tracer provider of the service, if spans are recorded.
    #[must_use]
    pub fn tracer_provider(&self) -> Option<&SdkTracerProvider> {
        self.providers.as_ref()?.tracer.as_ref()
    }

    /// Returns the meter provider of the service, if metrics are recorded.
    #[must_use]
    pub fn meter_provider(&self) -> Option<&SdkMeterProvider> {
        self.providers.as_ref()?.meter.as_ref()
    }

    /// Returns the logger provider of the service, if logs are exported.
    #[must_use]
    pub fn logger_provider(&self) -> Option<&SdkLoggerProvider> {
        self.providers.as_ref()?.logger.as_ref()
    }
}

/// The services of a process, and the setup that builds their providers.
#[derive(Debug)]
pub(crate) struct Services {
    providers: BTreeMap<Arc<str>, Providers>,
    /// Dropped after the providers, because fields are dropped in their order of declaration.
    pub(crate) setup: ExporterSetup,
}

impl Services {
    pub(crate) fn new(setup: ExporterSetup) -> Self {
        Self {
            providers: BTreeMap::new(),
            setup,
        }
    }

    /// Returns each service with its providers.
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
