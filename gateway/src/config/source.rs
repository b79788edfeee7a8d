//! Reads a configuration from YAML, TOML or JSON.

use std::path::Path;

use serde_json::Value;

use super::{Config, ConfigError, arch};

impl Config {
    /// Reads a file: TOML if its name ends in `.toml`, JSON if it ends in `.json`, otherwise YAML.
    ///
    /// A file in the format of Arch or Plano is accepted too: see [the crate](crate#the-format-of-arch).
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is longer than 4 MiB, or has an unknown key or an invalid value. The error
    /// names the place and what is accepted.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        Self::read(path).map_err(|error| error.in_file(path))
    }

    fn read(path: &Path) -> Result<Self, ConfigError> {
        let unreadable =
            |error: std::io::Error| ConfigError::new("", format!("the file cannot be read: {error}"));
        let length = std::fs::metadata(path).map_err(unreadable)?.len();
        if length > MAX_FILE_BYTES {
            return Err(ConfigError::new(
                "",
                format!("the file has {length} bytes, more than {MAX_FILE_BYTES}"),
            ));
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => Self::from_toml(&text),
            Some("json") => Self::from_json(&text),
            _ => Self::from_yaml(&text),
        }
    }

    /// Reads YAML.
    ///
    /// # Errors
    ///
    /// If the text is not YAML, or has an unknown key or an invalid value.
    pub fn from_yaml(text: &str) -> Result<Self, ConfigError> {
        let value: Value = yaml_serde::from_str(text).map_err(|error| {
            let place = error
                .location()
                .map(|at| format!("line {} column {}", at.line(), at.column()));
            ConfigError::new(
                place.unwrap_or_default(),
                format!("is no YAML: {}", without_values(&error.to_string())),
            )
        })?;
        Self::from_value(value)
    }

    /// Reads TOML.
    ///
    /// # Errors
    ///
    /// If the text is not TOML, or has an unknown key or an invalid value.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let value: Value = toml::from_str(text).map_err(|error: toml::de::Error| {
            let before = error
                .span()
                .and_then(|span| text.get(..span.start))
                .unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            ConfigError::new(
                format!("line {line}"),
                format!("is no TOML: {}", without_values(error.message())),
            )
        })?;
        Self::from_value(value)
    }

    /// Reads JSON.
    ///
    /// # Errors
    ///
    /// If the text is not JSON, or has an unknown key or an invalid value.
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        let value: Value = serde_json::from_str(text).map_err(|error| {
            let place = format!("line {} column {}", error.line(), error.column());
            ConfigError::new(place, "is no JSON")
        })?;
        Self::from_value(value)
    }

    pub(super) fn from_value(value: Value) -> Result<Self, ConfigError> {
        let value = match value {
            // An empty YAML file.
            Value::Null => Value::Object(serde_json::Map::new()),
            value => value,
        };
        if !value.is_object() {
            return Err(ConfigError::new(
                "",
                "expected a table of settings, such as listeners and providers",
            ));
        }
        let value = arch::translate(value)?;
        refuse_connect_timeout_of_listener(&value)?;
        let config: Self = serde_path_to_error::deserialize(value).map_err(|error| {
            let path = error.path().to_string();
            let place = if path == "." { String::new() } else { path };
            ConfigError::new(place, without_values(&error.inner().to_string()))
        })?;
        config.check()?;
        Ok(config)
    }
}

/// A connection serves the requests of all listeners, so its timeout is one of the provider.
fn refuse_connect_timeout_of_listener(value: &Value) -> Result<(), ConfigError> {
    let listeners = value.get("listeners").and_then(Value::as_array);
    let index = listeners
        .into_iter()
        .flatten()
        .position(|listener| listener.pointer("/timeouts/connect").is_some());
    match index {
        None => Ok(()),
        Some(index) => Err(ConfigError::new(
            format!("listeners[{index}].timeouts.connect"),
            "listeners share the connections to a provider; expected providers[].connect_timeout",
        )),
    }
}

/// Removes quoted values from a message of serde, since they may be secrets.
fn without_values(message: &str) -> String {
    let Some((before, rest)) = message.split_once("string \"") else {
        return message.to_owned();
    };
    match rest.rfind("\", expected") {
        Some(end) => format!("{before}a string{}", rest.get(end + 1..).unwrap_or_default()),
        None => format!("{before}a string"),
    }
}

const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;
