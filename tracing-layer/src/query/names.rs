//! Names of query parameters, as a setting.

use std::sync::Arc;

use crate::redaction;

/// A set of names of query parameters.
#[derive(Debug, Clone, Default)]
pub struct ParameterNames {
    names: Arc<[Box<str>]>,
    secrets: bool,
}

impl ParameterNames {
    /// Creates a set of these names.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            names: names.into_iter().map(Box::from).collect(),
            secrets: false,
        }
    }

    /// The names whose values are secret by [`is_secret_name`](redaction::is_secret_name): `key`, `code`,
    /// `access_token`, `client_secret`, `X-Amz-Signature` and about a hundred more.
    #[must_use]
    pub fn secrets() -> Self {
        Self {
            names: Arc::default(),
            secrets: true,
        }
    }

    /// Adds the secret names.
    pub(super) fn and_secrets(self) -> Self {
        Self {
            secrets: true,
            ..self
        }
    }

    /// Returns whether the set has a name.
    pub(super) fn include(&self, name: &str) -> bool {
        (self.secrets && redaction::is_secret_name(name))
            || self.names.iter().any(|own| redaction::is_same_name(name, own))
    }

    /// Returns whether the set has a name or a part of it.
    pub(super) fn include_part(&self, name: &str) -> bool {
        (self.secrets && redaction::is_secret_name(name))
            || self.names.iter().any(|own| redaction::has_name(name, own))
    }
}

impl<const N: usize> From<[&str; N]> for ParameterNames {
    fn from(names: [&str; N]) -> Self {
        Self::new(names)
    }
}

impl<'a> FromIterator<&'a str> for ParameterNames {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        Self::new(names)
    }
}
