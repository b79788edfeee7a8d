//! The declarative configuration: the published examples, and every rule about what is not accepted.

mod published;
mod refusals;
mod settings;

use std::fs;
use std::path::Path;

use super::read;
use crate::config::TelemetryConfig;
use crate::config::variables::Variables;
use crate::error::{ConfigSource, InitError};

fn read_with(text: &str, variables: &[(&str, &str)]) -> Result<TelemetryConfig, InitError> {
    read(
        text,
        &Variables::new(variables.iter().copied()),
        ConfigSource::Text,
    )
}

fn declared(text: &str) -> TelemetryConfig {
    read_with(&format!("file_format: '1.1'\n{text}"), &[]).expect(text)
}

fn refused(text: &str) -> String {
    let error = read_with(text, &[]).expect_err(text);
    assert!(error.is_configuration(), "{text}");
    format!("{error:#}")
}

fn warnings(config: &TelemetryConfig) -> Vec<&str> {
    config
        .ignored_variables()
        .iter()
        .map(|it| &*it.variable)
        .collect()
}

fn published(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/declarative");
    fs::read_to_string(path.join(name)).expect(name)
}
