//! A file, or text, as a source of configuration.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use crate::config::features::{TOML, YAML};
use crate::config::yaml::{self, Scalars};
use crate::config::{TelemetryConfig, json, table};
use crate::error::{ConfigSource, InitError};

impl TelemetryConfig {
    /// Reads a JSON object from a file. The [crate](crate)'s table lists its keys. Nested objects and dotted
    /// keys are equivalent.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, is not JSON, or has an unknown key or a value that is not
    /// accepted.
    pub fn from_json_file(path: impl AsRef<Path>) -> Result<Self, InitError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|error| InitError::unreadable(FILE, path, error))?;
        Self::from_json(&text, &ConfigSource::File(path.to_owned()))
    }

    /// Reads a JSON object, like [`from_json_file`](Self::from_json_file).
    ///
    /// # Errors
    /// Returns an error if the text is not JSON, or has an unknown key or a value that is not accepted.
    ///
    /// ```
    /// use throughline_telemetry::{Exporter, TelemetryConfig};
    ///
    /// let text = r#"{"tracing.enabled": true, "tracing.exporter": "otlp"}"#;
    /// let config = TelemetryConfig::from_json_str(text)?;
    /// assert_eq!(config.exporter, Exporter::Otlp);
    /// # Ok::<(), throughline_telemetry::InitError>(())
    /// ```
    pub fn from_json_str(text: &str) -> Result<Self, InitError> {
        Self::from_json(text, &ConfigSource::Text)
    }

    /// Reads a TOML file with the same keys as JSON.
    ///
    /// # Errors
    /// Returns an error if the feature `toml` is disabled, or if the file cannot be read, is not TOML, or has
    /// an unknown key or a value that is not accepted.
    pub fn from_toml_file(path: impl AsRef<Path>) -> Result<Self, InitError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|error| InitError::unreadable(FILE, path, error))?;
        Self::from_toml(&text, &ConfigSource::File(path.to_owned()))
    }

    /// Reads TOML, like [`from_toml_file`](Self::from_toml_file).
    ///
    /// # Errors
    /// Returns an error if the feature `toml` is disabled, or if the text is not TOML, or has an unknown key
    /// or a value that is not accepted.
    ///
    /// ```
    /// use throughline_telemetry::TelemetryConfig;
    ///
    /// let config = TelemetryConfig::from_toml_str("[tracing]\nenabled = true\nexporter = 'console'")?;
    /// assert!(config.enabled);
    /// # Ok::<(), throughline_telemetry::InitError>(())
    /// ```
    pub fn from_toml_str(text: &str) -> Result<Self, InitError> {
        Self::from_toml(text, &ConfigSource::Text)
    }

    /// Reads a YAML file with the same keys as JSON. For the declarative configuration of OpenTelemetry, use
    /// [`from_declarative_file`](Self::from_declarative_file).
    ///
    /// # Errors
    /// Returns an error if the feature `yaml` is disabled, or if the file cannot be read, is not YAML, or has
    /// an unknown key or a value that is not accepted.
    pub fn from_yaml_file(path: impl AsRef<Path>) -> Result<Self, InitError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|error| InitError::unreadable(FILE, path, error))?;
        Self::from_yaml(&text, &ConfigSource::File(path.to_owned()))
    }

    /// Reads YAML, like [`from_yaml_file`](Self::from_yaml_file).
    ///
    /// # Errors
    /// Returns an error if the feature `yaml` is disabled, or if the text is not YAML, or has an unknown key
    /// or a value that is not accepted.
    ///
    /// ```
    /// use throughline_telemetry::TelemetryConfig;
    ///
    /// let config = TelemetryConfig::from_yaml_str("tracing:\n  random_sampling: 25")?;
    /// assert!(config.enabled);
    /// assert_eq!(config.sampling_rate, 0.25);
    /// # Ok::<(), throughline_telemetry::InitError>(())
    /// ```
    pub fn from_yaml_str(text: &str) -> Result<Self, InitError> {
        Self::from_yaml(text, &ConfigSource::Text)
    }

    /// Reads TOML or YAML if the name ends in `.toml`, `.yaml` or `.yml`, otherwise JSON.
    pub(super) fn from_file(path: &str) -> Result<Self, InitError> {
        match Path::new(path).extension().and_then(|ending| ending.to_str()) {
            Some("toml") => Self::from_toml_file(path),
            Some("yaml" | "yml") => Self::from_yaml_file(path),
            _ => Self::from_json_file(path),
        }
    }

    fn from_json(text: &str, place: &ConfigSource) -> Result<Self, InitError> {
        let table = json::parse(without_byte_order_mark(text));
        let table = table.map_err(|why| InitError::syntax(place, "a JSON object", why))?;
        table::read(&table, place)
    }

    fn from_toml(text: &str, place: &ConfigSource) -> Result<Self, InitError> {
        TOML.check("a configuration in TOML")?;
        let table = toml_table(without_byte_order_mark(text));
        let table = table.map_err(|why| InitError::syntax(place, "a TOML table", why))?;
        table::read(&table, place)
    }

    fn from_yaml(text: &str, place: &ConfigSource) -> Result<Self, InitError> {
        YAML.check("a configuration in YAML")?;
        let table = yaml::parse(without_byte_order_mark(text), Scalars::Text);
        let table = table.map_err(|why| InitError::syntax(place, "YAML", why))?;
        table::read(&table, place)
    }
}

/// Removes the byte order mark, with which some editors start a file.
fn without_byte_order_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Parses TOML. The error has its position, without the line, which may contain a secret.
#[cfg(feature = "toml")]
fn toml_table(text: &str) -> Result<Map<String, Value>, String> {
    toml::from_str(text).map_err(|error| toml_error(&error, text))
}

/// Parses nothing. The caller has checked the feature.
#[cfg(not(feature = "toml"))]
fn toml_table(_: &str) -> Result<Map<String, Value>, String> {
    Err("the feature `toml` is disabled".to_owned())
}

#[cfg(feature = "toml")]
fn toml_error(error: &toml::de::Error, text: &str) -> String {
    let before = error
        .span()
        .and_then(|span| text.get(..span.start))
        .unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|letter| *letter != '\n').count() + 1;
    format!("{} at line {line} column {column}", error.message())
}

const FILE: &str = "the configuration file";
