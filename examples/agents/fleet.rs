//! The tracer providers of the services: this process is seven of them, and each has a name of its own.

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

    /// The provider of a service, made when it is first asked for.
    pub(crate) fn provider(&self, service: Service) -> Result<SdkTracerProvider, FleetError> {
        let service = self.0.for_service(service.name())?;
        let provider = service.tracer_provider().ok_or("no spans are recorded")?;
        Ok(provider.clone())
    }

    /// Delivers every service's spans, all at once.
    pub(crate) fn shutdown(self) -> Result<(), ShutdownError> {
        self.0.shutdown_within(DELIVERY)
    }
}

/// How long the last spans may take, on a machine that is busy.
const DELIVERY: Duration = Duration::from_secs(30);
