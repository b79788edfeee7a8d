//! Names of query parameters, as a setting.

use std::sync::Arc;

use crate::redaction;

/// Names of query parameters.
#[derive(Debug, Clone, Default)]
pub struct ParameterNames {
    names: Arc<[Box<str>]>,
    secrets: bool,
}

impl ParameterNames {
    /// These names.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            names: names.into_iter().map(Box::from).collect(),
            secrets: false,
        }
    }

    /// The names whose values are secret by [`is_secret_name`](redaction::is_secret_name): `key`, `code`, `access_token`,
    /// `client_secret`, `X-Amz-Signature` and about a hundred more.
    #[must_use]
    pub fn secrets() -> Self {
        Self {
            names: Arc::default(),
            secrets: true,
        }
    }

    /// These and the secret names.
    pub(super) fn and_secrets(self) -> Self {
        Self {
            secrets: true,
            ..self
        }
    }

    /// Whether a name is one of these.
    pub(super) fn include(&self, name: &str) -> bool {
        (self.secrets && redaction::is_secret_name(name))
            || self.names.iter().any(|own| redaction::is_same_name(name, own))
    }

    /// Whether a name, or a part of it, is one of these.
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
