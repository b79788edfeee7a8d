//! What stands in for Prometheus where the feature `prometheus` is not compiled in.

use std::sync::Arc;

use opentelemetry_sdk::metrics::MeterProviderBuilder;

use crate::config::TelemetryConfig;
use crate::error::InitError;
use crate::health::Health;

/// Metrics that never are.
#[derive(Debug)]
pub(crate) enum Prometheus {}

impl Prometheus {
    pub(crate) fn start(_: &TelemetryConfig) -> Result<Self, InitError> {
        let message = "the exporter prometheus needs the feature \"prometheus\" of throughline-telemetry, which is not compiled in";
        Err(InitError::exporter(message.into()))
    }

    pub(crate) fn add(
        &self,
        _: MeterProviderBuilder,
        _: Option<&str>,
    ) -> Result<MeterProviderBuilder, InitError> {
        match *self {}
    }

    pub(crate) fn text(&self) -> String {
        match *self {}
    }

    pub(crate) fn reader(&self) -> fn() -> String {
        match *self {}
    }

    pub(crate) fn count(&self, _: Arc<Health>) {
        match *self {}
    }

    pub(crate) fn address(&self) -> Option<std::net::SocketAddr> {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Exporter, TelemetryConfig};
    use crate::exporter::Setup;

    #[test]
    fn the_feature_is_named() {
        let config = TelemetryConfig::default()
            .with_enabled(true)
            .with_exporter(Exporter::None);
        let config = config.with_metrics_exporter(Exporter::Prometheus);
        let error = Setup::new(config).providers(None).expect_err("no feature");
        let expected = "the exporter prometheus needs the feature \"prometheus\" of throughline-telemetry, which is not compiled in";
        assert_eq!(error.to_string(), expected, "the message");
    }
}
