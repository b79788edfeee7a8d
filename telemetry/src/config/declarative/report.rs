//! The errors and warnings about a file.

use std::fmt::Display;

use serde_json::Value;
use throughline_tracing_layer::redaction::is_secret_name;

use crate::config::ignored::{IgnoredVariable, printable};
use crate::error::{ConfigSource, InitError};

/// Where the file is, and the warnings so far.
#[derive(Debug)]
pub(super) struct Report {
    place: ConfigSource,
    pub(super) ignored: Vec<IgnoredVariable>,
}

impl Report {
    pub(super) fn new(place: ConfigSource) -> Self {
        Self {
            place,
            ignored: Vec::new(),
        }
    }

    pub(super) fn not_accepted(&self, path: &str, value: &Value, accepted: impl Display) -> InitError {
        InitError::not_accepted(self.place.clone(), path, shown(path, value), accepted)
    }

    pub(super) fn missing(&self, path: &str) -> InitError {
        InitError::missing_key(&self.place, path)
    }

    pub(super) fn twice(&self, one: &str, other: &str) -> InitError {
        InitError::duplicate(&self.place, one, other)
    }

    /// Warns that a property has no effect.
    pub(super) fn ignore(&mut self, path: &str, value: &Value, reason: &str, used: &str) {
        self.ignored.push(IgnoredVariable {
            variable: path.to_owned(),
            value: shown(path, value),
            reason: reason.to_owned(),
            accepted: None,
            used: used.to_owned(),
        });
    }
}

/// A value without secrets. The text of an endpoint may have a user and a password.
fn shown(path: &str, value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Object(members) => match members.keys().collect::<Vec<_>>().as_slice() {
            // The name of a component.
            [name] => format!("{{{name}: …}}"),
            _ => "a mapping".to_owned(),
        },
        Value::Array(_) => "a list".to_owned(),
        other => other.to_string(),
    };
    let is_secret = path.contains("headers") || is_secret_name(path);
    let kind = if is_secret { "_HEADERS" } else { "_ENDPOINT" };
    printable(kind, &text)
}
