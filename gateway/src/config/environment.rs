//! The environment that a configuration refers to.

use std::collections::BTreeMap;

use super::error::ConfigError;

/// The environment that a configuration refers to.
#[derive(Clone)]
pub(crate) struct Environment(Option<BTreeMap<String, String>>);

impl Environment {
    /// The environment of the process.
    pub(crate) fn process() -> Self {
        Self(None)
    }

    pub(crate) fn get(&self, name: &str) -> Option<String> {
        match &self.0 {
            None => std::env::var(name).ok(),
            Some(variables) => variables.get(name).cloned(),
        }
    }

    /// Returns a value, or that of the variable if it is `$NAME`.
    pub(crate) fn expand(&self, value: &str, place: &str) -> Result<String, ConfigError> {
        match variable(value) {
            None => Ok(value.to_owned()),
            Some(name) => self.get(name).ok_or_else(|| {
                ConfigError::new(
                    place,
                    format!("the environment variable {name} is not set or not valid UTF-8"),
                )
            }),
        }
    }
}

/// Omits the values, which have secrets.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Environment")
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        let variables = variables.into_iter();
        Self(Some(
            variables
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        ))
    }
}

/// The name in `$NAME` or `${NAME}`.
pub(super) fn variable(text: &str) -> Option<&str> {
    let name = text.strip_prefix('$')?;
    let name = name
        .strip_prefix('{')
        .map_or(Some(name), |name| name.strip_suffix('}'))?;
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    is_name.then_some(name)
}
