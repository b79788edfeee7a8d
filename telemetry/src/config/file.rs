//! A file, or text, as a source of configuration.

use std::cmp::Reverse;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use crate::config::TelemetryConfig;
use crate::config::fields::Field;
use crate::config::keys::{KEYS, RESOURCE, RULES};
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
    /// Returns an error if the file cannot be read, is not TOML, or has an unknown key or a value that is not
    /// accepted.
    pub fn from_toml_file(path: impl AsRef<Path>) -> Result<Self, InitError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|error| InitError::unreadable(FILE, path, error))?;
        Self::from_toml(&text, &ConfigSource::File(path.to_owned()))
    }

    /// Reads TOML, like [`from_toml_file`](Self::from_toml_file).
    ///
    /// # Errors
    /// Returns an error if the text is not TOML, or has an unknown key or a value that is not accepted.
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

    /// Reads TOML if the name ends in `.toml`, otherwise JSON.
    pub(super) fn from_file(path: &str) -> Result<Self, InitError> {
        if path.ends_with(".toml") {
            Self::from_toml_file(path)
        } else {
            Self::from_json_file(path)
        }
    }

    fn from_json(text: &str, place: &ConfigSource) -> Result<Self, InitError> {
        let table = serde_json::from_str(text);
        Self::from_table(
            &table.map_err(|error| InitError::syntax(place, "a JSON object", json_error(&error)))?,
            place,
        )
    }

    fn from_toml(text: &str, place: &ConfigSource) -> Result<Self, InitError> {
        let table = toml::from_str(text);
        Self::from_table(
            &table.map_err(|error| InitError::syntax(place, "a TOML table", toml_error(&error, text)))?,
            place,
        )
    }

    fn from_table(table: &Map<String, Value>, place: &ConfigSource) -> Result<Self, InitError> {
        let mut config = Self::default();
        config.set_all("", table, place, &mut Vec::new())?;
        // Tables have no order: sort the most specific rule first.
        config
            .sampling_rules
            .sort_by_key(|rule| (rule.route.ends_with('*'), Reverse(rule.route.len())));
        Ok(config)
    }

    /// `set` contains the fields that are already set, with their keys.
    fn set_all(
        &mut self,
        prefix: &str,
        table: &Map<String, Value>,
        place: &ConfigSource,
        set: &mut Vec<(Field, String)>,
    ) -> Result<(), InitError> {
        for (name, value) in table {
            let key = format!("{prefix}{name}");
            if let Value::Object(inner) = value {
                self.set_all(&format!("{key}."), inner, place, set)?;
                continue;
            }
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Array(list) if key == "propagators" => listed(list),
                other => other.to_string(),
            };
            let done = if let Some(route) = key.strip_prefix(RULES) {
                self.set_rule(route, &text)
            } else if let Some(attribute) = key.strip_prefix(RESOURCE) {
                self.set_resource_attribute(attribute.to_owned(), text.clone());
                Ok(())
            } else if let Some((_, field)) = KEYS.iter().find(|(name, _)| *name == key) {
                let meant = field.canonical();
                if let Some((_, other)) = set.iter().find(|(field, _)| *field == meant) {
                    return Err(InitError::duplicate(place, other, &key));
                }
                set.push((meant, key.clone()));
                self.set(*field, &text)
            } else {
                return Err(unknown(place, &key));
            };
            done.map_err(|accepted| InitError::not_accepted(place.clone(), key, text, accepted))?;
        }
        Ok(())
    }
}

/// The error and its position, without the value, which may be a secret.
fn json_error(error: &serde_json::Error) -> String {
    if error.is_data() {
        return format!("not an object at line {} column {}", error.line(), error.column());
    }
    error.to_string()
}

/// The error and its position, without the line, which may contain a secret.
fn toml_error(error: &toml::de::Error, text: &str) -> String {
    let before = error
        .span()
        .and_then(|span| text.get(..span.start))
        .unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|letter| *letter != '\n').count() + 1;
    format!("{} at line {line} column {column}", error.message())
}

/// Formats a list like the corresponding variable.
fn listed(list: &[Value]) -> String {
    let names = list
        .iter()
        .map(|name| name.as_str().map_or_else(|| name.to_string(), str::to_owned));
    names.collect::<Vec<_>>().join(",")
}

const FILE: &str = "the configuration file";

fn unknown(place: &ConfigSource, key: &str) -> InitError {
    let keys: Vec<&str> = KEYS.iter().map(|(key, _)| *key).collect();
    InitError::unknown_key(
        place,
        key,
        &format!("{}, {RULES}ROUTE, {RESOURCE}KEY", keys.join(", ")),
    )
}
