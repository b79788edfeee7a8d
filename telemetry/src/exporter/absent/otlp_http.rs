//! What stands in for OTLP over HTTP where the feature `otlp-http` is not compiled in.

use std::time::Duration;

use opentelemetry_sdk::logs::LoggerProviderBuilder;
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::trace::TracerProviderBuilder;

use crate::error::InitError;
use crate::health::Watch;
use crate::probe::Heard;
use crate::target::Target;

pub(crate) fn traces(
    _: TracerProviderBuilder,
    target: &Target,
    _: &Watch,
) -> Result<TracerProviderBuilder, InitError> {
    Err(missing(target))
}

pub(crate) fn metrics(
    _: MeterProviderBuilder,
    target: &Target,
    _: &Watch,
) -> Result<MeterProviderBuilder, InitError> {
    Err(missing(target))
}

pub(crate) fn logs(
    _: LoggerProviderBuilder,
    target: &Target,
    _: &Watch,
) -> Result<LoggerProviderBuilder, InitError> {
    Err(missing(target))
}

pub(crate) fn ask(target: &Target, _: Duration) -> Result<Heard, InitError> {
    Err(missing(target))
}

fn missing(target: &Target) -> InitError {
    InitError::exporter(format!(
        "{target} needs the feature \"otlp-http\" of throughline-telemetry, which is not compiled in"
    ))
}

#[cfg(test)]
mod tests {
    use crate::config::{Exporter, Protocol, TelemetryConfig};
    use crate::exporter::Setup;

    #[test]
    fn the_feature_is_named() {
        let config = TelemetryConfig::default()
            .with_enabled(true)
            .with_exporter(Exporter::Otlp);
        let config = config
            .with_protocol(Protocol::HttpProtobuf)
            .with_endpoint("http://c");
        let error = Setup::new(config).providers(None).expect_err("no feature");
        let expected = "traces over OTLP by HTTP to http://c/v1/traces needs the feature \"otlp-http\" of throughline-telemetry, which is not compiled in";
        assert_eq!(error.to_string(), expected, "the message");
        assert!(error.is_exporter(), "what kind it is");
    }
}
