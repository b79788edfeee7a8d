//! An error that occurred before there was a connection.

use std::error::Error;
use std::fmt;

/// An error that occurred before there was a connection, such as that of a connector.
///
/// The clients of hyper-util and reqwest mark such errors themselves. Use this type for a connector that is
/// called without them, so that [`error_type`](super::error_type) returns `dns`, `tls`, `connect` and so on.
/// It needs the feature `hyper-util`.
#[derive(Debug)]
pub struct ConnectError(Box<dyn Error + Send + Sync>);

impl ConnectError {
    /// Wraps the error of a connector.
    #[must_use]
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no connection")
    }
}

impl Error for ConnectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
