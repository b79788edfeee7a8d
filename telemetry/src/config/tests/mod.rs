//! Every source of configuration.

mod files;
mod ignored;
mod refusals;
mod targets;
mod variables;

use super::TelemetryConfig;
use super::variables::Variables;

fn vars(vars: &[(&str, &str)]) -> TelemetryConfig {
    TelemetryConfig::from_vars(vars.iter().copied()).expect("accepted")
}

fn variables_of(vars: &[(&str, &str)]) -> Variables {
    Variables::new(vars.iter().copied())
}
