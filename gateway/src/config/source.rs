//! Reads a configuration from YAML, TOML or JSON.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::document::{Document, Format};
use super::plain::Plain;
use super::{Config, ConfigError, arch};

impl Config {
    /// Reads a file: TOML if its name ends in `.toml`, JSON if it ends in `.json`, otherwise YAML.
    ///
    /// A file in the format of Arch or Plano is accepted too: see [the crate](crate#the-format-of-arch).
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is longer than 4 MiB, or has an unknown key or an invalid value. The error
    /// names the file, the line, the place and what is accepted.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        let unusable = |message: String| ConfigError::new("", message).at(Some(path), None);
        let unreadable = |error: std::io::Error| unusable(format!("the file cannot be read: {error}"));
        let length = std::fs::metadata(path).map_err(unreadable)?.len();
        if length > MAX_FILE_BYTES {
            return Err(unusable(format!(
                "the file has {length} bytes, more than {MAX_FILE_BYTES}"
            )));
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let format = match path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => Format::Toml,
            Some("json") => Format::Json,
            _ => Format::Yaml,
        };
        Self::from_document(Document::new(format, text, Some(path)))
    }

    /// Reads YAML.
    ///
    /// # Errors
    ///
    /// If the text is not YAML, or has an unknown key or an invalid value.
    pub fn from_yaml(text: &str) -> Result<Self, ConfigError> {
        Self::from_document(Document::new(Format::Yaml, text.to_owned(), None))
    }

    /// Reads TOML.
    ///
    /// # Errors
    ///
    /// If the text is not TOML, or has an unknown key or an invalid value.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        Self::from_document(Document::new(Format::Toml, text.to_owned(), None))
    }

    /// Reads JSON.
    ///
    /// # Errors
    ///
    /// If the text is not JSON, or has an unknown key or an invalid value.
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        Self::from_document(Document::new(Format::Json, text.to_owned(), None))
    }

    fn from_document(document: Document) -> Result<Self, ConfigError> {
        let value = document.parse()?;
        let mut config = Self::from_value(value).map_err(|error| document.locate(error))?;
        config.document = Some(Arc::new(document));
        Ok(config)
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
        let config: Self = serde_path_to_error::deserialize(Plain(value)).map_err(|error| {
            let path = error.path().to_string();
            let place = if path == "." { String::new() } else { path };
            ConfigError::new(place, error.inner().to_string())
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

const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;
