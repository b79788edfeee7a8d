//! The limits and the access rules of a viewer.

/// Configures a [`Viewer`](crate::Viewer).
///
/// ```
/// use throughline_viewer::{Viewer, ViewerConfig};
///
/// let viewer = Viewer::new(ViewerConfig::default().with_max_traces(500));
/// ```
#[derive(Debug, Clone)]
pub struct ViewerConfig {
    pub(crate) max_bytes: usize,
    pub(crate) max_traces: usize,
    pub(crate) hosts: Vec<String>,
}

impl Default for ViewerConfig {
    fn default() -> Self {
        Self {
            max_bytes: 64 << 20,
            max_traces: 10_000,
            hosts: Vec::new(),
        }
    }
}

impl ViewerConfig {
    /// Sets the maximum size of the stored telemetry, in bytes. Beyond it, the oldest traces and log records
    /// are dropped. Default: 64 MiB. The minimum is 1 MiB.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes.max(1 << 20);
        self
    }

    /// Sets the maximum number of stored traces. Default: 10,000. The minimum is 1.
    #[must_use]
    pub fn with_max_traces(mut self, traces: usize) -> Self {
        self.max_traces = traces.max(1);
        self
    }

    /// Adds a host name under which browsers may open the page, such as `traces.internal`. `localhost`, names
    /// below it, and IP addresses are always allowed. Other names are refused, because a foreign page could
    /// make its own name point to this machine (DNS rebinding).
    #[must_use]
    pub fn with_host(mut self, name: impl Into<String>) -> Self {
        self.hosts.push(name.into());
        self
    }
}
