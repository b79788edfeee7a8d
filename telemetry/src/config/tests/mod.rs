//! Tests of all configuration sources.

#[cfg(not(feature = "xray"))]
mod features;
mod files;
mod guide;
// Values of missing features are ignored, so the tables below need all features.
#[cfg(all(
    feature = "file",
    feature = "otlp-grpc",
    feature = "otlp-http",
    feature = "prometheus",
    feature = "xray"
))]
mod ignored;
mod refusals;
mod targets;
#[cfg(all(
    feature = "file",
    feature = "otlp-grpc",
    feature = "otlp-http",
    feature = "prometheus",
    feature = "xray"
))]
mod variables;

use super::TelemetryConfig;

fn vars(vars: &[(&str, &str)]) -> TelemetryConfig {
    TelemetryConfig::from_vars(vars.iter().copied()).expect("accepted")
}
