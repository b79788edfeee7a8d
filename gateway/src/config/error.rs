//! Errors of a configuration.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

/// A configuration that cannot be used: the file, the place in it, what is wrong, and what is accepted.
///
/// Its text has no secrets: values of keys and environment variables are not repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    file: Option<PathBuf>,
    /// Such as `providers[0].base_url`. Empty: the whole file.
    place: String,
    message: String,
}

impl ConfigError {
    pub(crate) fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            file: None,
            place: place.into(),
            message: message.into(),
        }
    }

    pub(crate) fn in_file(mut self, file: &Path) -> Self {
        self.file = Some(file.to_owned());
        self
    }

    /// Returns the place in the configuration, such as `providers[0].base_url`. Empty: the whole of it.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}: ", file.display())?;
        }
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.message)
    }
}

impl Error for ConfigError {}
