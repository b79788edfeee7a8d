//! The path and the rotation of the file exporter.

/// A file of JSON lines, and how it rotates.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileConfig {
    /// The path of a regular file. It is created with its directories if it does not exist. `{pid}` stands
    /// for the process id. Default: `throughline-{pid}.jsonl`.
    pub path: String,
    /// The size in bytes at which a new file is started and the old one is renamed with the suffix `.1`.
    /// Default: 100 MiB.
    pub max_bytes: u64,
    /// The number of old files that are retained. Default: 5.
    pub max_files: u32,
}

impl Default for FileConfig {
    fn default() -> Self {
        Self {
            path: "throughline-{pid}.jsonl".into(),
            max_bytes: 100 << 20,
            max_files: 5,
        }
    }
}

impl FileConfig {
    /// The path as it is opened.
    pub(crate) fn resolved(&self) -> String {
        self.path.replace("{pid}", &std::process::id().to_string())
    }

    /// Sets the path. `{pid}` stands for the process id. Default: `throughline-{pid}.jsonl`.
    #[must_use]
    pub fn with_path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Sets the size in bytes at which a new file is started. Default: 100 MiB.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets the number of old files that are retained. Default: 5.
    #[must_use]
    pub fn with_max_files(mut self, files: u32) -> Self {
        self.max_files = files;
        self
    }
}
