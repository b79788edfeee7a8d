//! The tracer providers of the seven services that this process runs, one per service name.

use std::error::Error;
use std::time::Duration;

use opentelemetry_sdk::trace::SdkTracerProvider;
use throughline::telemetry::{self, Exporter, ShutdownError, Telemetry, TelemetryConfig};

use crate::services::Service;

pub(crate) type FleetError = Box<dyn Error>;

/// The telemetry of all services.
#[derive(Debug)]
pub(crate) struct Fleet(Telemetry);

impl Fleet {
    pub(crate) fn new(exporter: Exporter, endpoint: &str) -> Result<Self, FleetError> {
        let config = TelemetryConfig::default()
            .with_enabled(true)
            .with_exporter(exporter)
            .with_endpoint(endpoint)
            .with_metrics_exporter(Exporter::None);
        Ok(Self(telemetry::init(config)?))
    }

    /// Returns the provider of a service. The first call creates it.
    pub(crate) fn provider(&self, service: Service) -> Result<SdkTracerProvider, FleetError> {
        let service = self.0.for_service(service.name())?;
        let provider = service.tracer_provider().ok_or("tracing is disabled")?;
        Ok(provider.clone())
    }

    /// Exports the spans of all services, in parallel, and shuts down.
    pub(crate) fn shutdown(self) -> Result<(), ShutdownError> {
        self.0.shutdown_within(SHUTDOWN_TIMEOUT)
    }
}

/// The time limit for exporting the last spans. It is generous, for busy machines.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(30);
