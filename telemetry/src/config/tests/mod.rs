//! Tests of all configuration sources.

#[cfg(not(feature = "xray"))]
mod features;
#[cfg(all(feature = "toml", feature = "yaml"))]
mod files;
mod guide;
mod refusals;
#[cfg(all(
    feature = "file",
    feature = "gzip",
    feature = "otlp-grpc",
    feature = "otlp-json",
    feature = "prometheus",
    feature = "toml",
    feature = "xray"
))]
mod tables;
mod targets;

use super::TelemetryConfig;
use super::variables::Variables;

/// Variables as those of a process.
fn variables_of(vars: &[(&str, &str)]) -> Variables {
    Variables::new(vars.iter().copied())
}

fn vars(vars: &[(&str, &str)]) -> TelemetryConfig {
    TelemetryConfig::from_vars(vars.iter().copied()).expect("accepted")
}
