//! What stands in for lines of JSON where the feature `file` is not compiled in.

use opentelemetry_sdk::logs::LoggerProviderBuilder;
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::trace::TracerProviderBuilder;

use crate::config::{ConsoleWriter, FileConfig};
use crate::error::InitError;
use crate::health::Watch;

/// Lines that nobody can have.
#[derive(Debug, Clone)]
pub(crate) struct Lines(());

pub(crate) fn file(config: &FileConfig) -> Result<Lines, InitError> {
    Err(missing(&format!("the file {:?}", config.path)))
}

pub(crate) fn console(_: Option<ConsoleWriter>) -> Result<Lines, InitError> {
    Err(missing("the exporter console-json"))
}

pub(crate) fn traces(builder: TracerProviderBuilder, _: &Lines, _: &Watch) -> TracerProviderBuilder {
    builder
}

pub(crate) fn metrics(builder: MeterProviderBuilder, _: &Lines, _: &Watch) -> MeterProviderBuilder {
    builder
}

pub(crate) fn logs(builder: LoggerProviderBuilder, _: &Lines, _: &Watch) -> LoggerProviderBuilder {
    builder
}

fn missing(what: &str) -> InitError {
    InitError::exporter(format!(
        "{what} needs the feature \"file\" of throughline-telemetry, which is not compiled in"
    ))
}

#[cfg(test)]
mod tests {
    use crate::config::{Exporter, TelemetryConfig};
    use crate::exporter::Setup;

    #[test]
    fn the_feature_is_named() {
        for (exporter, what) in [
            (Exporter::File, "the file \"throughline-{pid}.jsonl\""),
            (Exporter::ConsoleJson, "the exporter console-json"),
        ] {
            let config = TelemetryConfig::default()
                .with_enabled(true)
                .with_exporter(exporter);
            let error = Setup::new(config).providers(None).expect_err("no feature");
            let expected = format!(
                "{what} needs the feature \"file\" of throughline-telemetry, which is not compiled in"
            );
            assert_eq!(error.to_string(), expected, "the message");
        }
    }
}
