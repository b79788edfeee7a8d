//! Secrets: where they come from, and values that are never shown.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, de};

use super::environment::{Environment, variable};
use super::error::ConfigError;

/// Where a secret is read: `$NAME`, `{ env: NAME }` or `{ file: PATH }`. A secret never stands in the file
/// itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SecretSource {
    Env(String),
    File(PathBuf),
}

/// A secret. Its `Debug` form has no text.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl SecretSource {
    /// Reads the secret.
    pub(crate) fn read(&self, place: &str, environment: &Environment) -> Result<Secret, ConfigError> {
        let text = match self {
            Self::Env(name) => environment.get(name).ok_or_else(|| {
                ConfigError::new(
                    place,
                    format!("the environment variable {name} is not set or not valid UTF-8"),
                )
            })?,
            Self::File(path) => std::fs::read_to_string(path).map_err(|error| {
                ConfigError::new(
                    place,
                    format!("the file {} cannot be read: {error}", path.display()),
                )
            })?,
        };
        let text = text.trim().to_owned();
        if text.is_empty() {
            return Err(ConfigError::new(place, format!("{self} is empty")));
        }
        if http::HeaderValue::from_str(&text).is_err() {
            return Err(ConfigError::new(
                place,
                format!("{self} has characters that no header may have"),
            ));
        }
        Ok(Secret(text))
    }
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "${name}"),
            Self::File(path) => write!(f, "the file {}", path.display()),
        }
    }
}

impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = SecretSource;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a secret as $NAME, { env: NAME } or { file: PATH }")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<SecretSource, E> {
                variable(text)
                    .map(|name| SecretSource::Env(name.to_owned()))
                    .ok_or_else(|| E::custom(EXPECTED))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<SecretSource, A::Error> {
                let mut entries = BTreeMap::<String, String>::new();
                while let Some((key, value)) = map.next_entry()? {
                    entries.insert(key, value);
                }
                let mut entries = entries.into_iter();
                match (entries.next(), entries.next()) {
                    (Some((key, name)), None) if key == "env" => Ok(SecretSource::Env(name)),
                    (Some((key, path)), None) if key == "file" => Ok(SecretSource::File(path.into())),
                    _ => Err(de::Error::custom(EXPECTED)),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

const EXPECTED: &str =
    "a secret does not stand in the configuration; write $NAME, { env: NAME } or { file: PATH }";
