//! Errors of a configuration.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

/// A configuration that cannot be used: the file, the line and the place in it, what is wrong, and what is accepted.
///
/// Its text has no secrets: values of keys and environment variables are not repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    file: Option<PathBuf>,
    /// From 1.
    line: Option<usize>,
    /// Such as `providers[0].base_url`. Empty: the whole file.
    place: String,
    message: String,
}

impl ConfigError {
    pub(crate) fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            file: None,
            line: None,
            place: place.into(),
            message: message.into(),
        }
    }

    /// Adds the file and the line.
    pub(super) fn at(mut self, file: Option<&Path>, line: Option<usize>) -> Self {
        self.file = file.map(Path::to_owned).or(self.file);
        self.line = line.or(self.line);
        self
    }

    /// Returns the line of the file, from 1. `None`: the place is in no file.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// Returns the place in the configuration, such as `providers[0].base_url`. Empty: the whole of it.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As compilers do, so that editors and terminals find the line.
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, "{}:{line}: ", file.display())?,
            (Some(file), None) => write!(f, "{}: ", file.display())?,
            (None, Some(line)) => write!(f, "line {line}: ")?,
            (None, None) => {}
        }
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.message)
    }
}

impl Error for ConfigError {}
