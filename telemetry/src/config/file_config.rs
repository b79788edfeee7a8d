//! Where the file exporter writes and how much it keeps.

/// A file of JSON lines, and how it rotates.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileConfig {
    /// The path of a regular file, or of one to create, with its directories; `{pid}` in it is the process's id. Default:
    /// `throughline-{pid}.jsonl`.
    pub path: String,
    /// The bytes after which a new file is begun and the old one gets the suffix `.1`. Default: 100 MiB.
    pub max_bytes: u64,
    /// The old files that are kept. Default: 5.
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

    /// Sets the path; `{pid}` in it is the process's id.
    #[must_use]
    pub fn with_path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Sets the bytes after which a new file is begun. Default: 100 MiB.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets how many old files are kept. Default: 5.
    #[must_use]
    pub fn with_max_files(mut self, files: u32) -> Self {
        self.max_files = files;
        self
    }
}
