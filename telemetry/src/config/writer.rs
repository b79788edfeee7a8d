//! A writer that replaces standard output for the console exporter.

use std::io::Write;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, io};

/// A shared writer; two are equal if they are the same writer.
#[derive(Clone)]
pub(crate) struct ConsoleWriter(Arc<Mutex<dyn Write + Send>>);

impl ConsoleWriter {
    pub(crate) fn new(writer: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(writer)))
    }

    /// Writes text. A panic of the writer is caught and returned as an error, because it would end the
    /// exporter's thread and lose everything in the queue.
    pub(crate) fn write(&self, text: &str) -> io::Result<()> {
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let write = || {
            writer.write_all(text.as_bytes())?;
            writer.flush()
        };
        panic::catch_unwind(AssertUnwindSafe(write))
            .unwrap_or_else(|_| Err(io::Error::other("the writer panicked")))
    }
}

impl PartialEq for ConsoleWriter {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for ConsoleWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConsoleWriter")
    }
}
