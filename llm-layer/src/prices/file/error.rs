//! Why a file of prices, or a row of it, cannot be used.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a file of prices cannot be used. The message names the file, and where in it the problem is.
#[derive(Debug)]
pub struct PricesError {
    path: Option<PathBuf>,
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    Io(io::Error),
    Json(serde_json::Error),
    Format(&'static str),
    Row(RowError),
}

impl PricesError {
    /// The file is not valid JSON.
    pub(super) fn json(error: serde_json::Error) -> Self {
        Cause::Json(error).into()
    }

    /// The file is in no format that is known.
    pub(super) fn format(expected: &'static str) -> Self {
        Cause::Format(expected).into()
    }

    /// Names the file.
    pub(super) fn in_file(mut self, path: &Path) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// Returns the row with the problem, if it is in one.
    #[must_use]
    pub fn row(&self) -> Option<&RowError> {
        match &self.cause {
            Cause::Row(row) => Some(row),
            Cause::Io(_) | Cause::Json(_) | Cause::Format(_) => None,
        }
    }
}

impl From<Cause> for PricesError {
    fn from(cause: Cause) -> Self {
        Self { path: None, cause }
    }
}

impl From<io::Error> for PricesError {
    fn from(error: io::Error) -> Self {
        Cause::Io(error).into()
    }
}

impl From<RowError> for PricesError {
    fn from(error: RowError) -> Self {
        Cause::Row(error).into()
    }
}

impl fmt::Display for PricesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}: ", path.display())?,
            None => f.write_str("prices: ")?,
        }
        match &self.cause {
            Cause::Io(error) => write!(f, "cannot be read: {error}"),
            Cause::Json(error) => write!(f, "is no valid JSON: {error}"),
            Cause::Format(expected) => write!(f, "is no table of prices: {expected}"),
            Cause::Row(row) => row.fmt(f),
        }
    }
}

impl Error for PricesError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            Cause::Io(error) => Some(error),
            Cause::Json(error) => Some(error),
            Cause::Row(row) => Some(row),
            Cause::Format(_) => None,
        }
    }
}

/// Why a row of a file of prices cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    model: String,
    key: String,
    problem: String,
}

impl RowError {
    /// `key` is the path of the key in the row, with dots, or empty for the row itself.
    pub(super) fn new(model: &str, key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            model: model.to_owned(),
            key: key.into(),
            problem: problem.into(),
        }
    }

    /// Returns the model, as the file writes it.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Returns the path of the key in the model's row, such as `service_tier.flex.input`. It is empty if the
    /// row itself is the problem.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "model {:?}: ", self.model)?;
        if !self.key.is_empty() {
            write!(f, "key {:?}: ", self.key)?;
        }
        f.write_str(&self.problem)
    }
}

impl Error for RowError {}
