//! Parses YAML 1.2 into values.

#[cfg(feature = "yaml")]
mod reader;
#[cfg(feature = "yaml")]
mod scalar;
#[cfg(feature = "yaml")]
mod substitution;
#[cfg(test)]
#[cfg(feature = "yaml")]
mod tests;

#[cfg(feature = "yaml")]
pub(super) use reader::parse;
#[cfg(not(feature = "yaml"))]
use serde_json::{Map, Value};

use crate::config::variables::Variables;

/// What becomes of the scalars of a document.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "yaml"), expect(dead_code, reason = "only the parser reads it"))]
pub(super) enum Scalars<'a> {
    /// Every scalar is a text, except null.
    Text,
    /// Variables are replaced, and the core schema says which type a scalar has
    /// (<https://opentelemetry.io/docs/specs/otel/configuration/data-model/#environment-variable-substitution>).
    Typed(&'a Variables),
}

/// Parses nothing. The caller has checked the feature.
#[cfg(not(feature = "yaml"))]
pub(super) fn parse(_: &str, _: Scalars<'_>) -> Result<Map<String, Value>, String> {
    Err("the feature `yaml` is disabled".to_owned())
}
