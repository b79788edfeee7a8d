//! The destination of a signal, for messages.

use std::fmt;
use std::net::SocketAddr;

use crate::config::OtlpTarget;

/// The destination of a signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    Console,
    File(String),
    /// A listener, or a route in the program.
    Prometheus(Option<SocketAddr>),
    /// A listener, or a route in the program.
    Viewer(Option<SocketAddr>),
    Otlp(OtlpTarget),
}

impl Destination {
    /// The URL to connect to, if the destination is on a network.
    pub(crate) fn url(&self) -> Option<String> {
        match self {
            Self::Prometheus(None) | Self::Viewer(_) | Self::Console | Self::File(_) => None,
            _ => Some(self.to_string()),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Console => f.write_str("the console"),
            Self::File(path) => write!(f, "the file {path}"),
            Self::Prometheus(Some(address)) => write!(f, "http://{address}/metrics"),
            Self::Viewer(Some(address)) => write!(f, "the page http://{address}/"),
            Self::Prometheus(None) | Self::Viewer(None) => f.write_str("a route of the program"),
            Self::Otlp(target) => f.write_str(&target.url),
        }
    }
}
