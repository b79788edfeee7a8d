//! Lines of OTLP/JSON, as the exporter `file` and the collector's file exporter write them.

use std::fmt;

/// The signals that a line of OTLP/JSON contained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineKind {
    /// It had spans, log records or data points, which were added.
    Telemetry,
    /// It was valid, but had nothing that the viewer knows.
    Empty,
}

/// An error of a line that is not OTLP/JSON.
#[derive(Debug)]
pub struct JsonError(pub(crate) serde_json::Error);

impl JsonError {
    /// Whether the line ends too early, as one that is still being written.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.0.is_eof()
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not OTLP/JSON: {}", self.0)
    }
}

impl std::error::Error for JsonError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}
