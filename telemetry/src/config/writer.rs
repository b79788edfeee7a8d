//! A place other than standard output for what the console exporter prints.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, io};

/// A shared writer; two are equal if they are the same writer.
#[derive(Clone)]
pub(crate) struct ConsoleWriter(Arc<Mutex<dyn Write + Send>>);

impl ConsoleWriter {
    pub(crate) fn new(writer: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(writer)))
    }

    pub(crate) fn write(&self, text: &str) -> io::Result<()> {
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(text.as_bytes())?;
        writer.flush()
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
