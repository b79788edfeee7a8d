//! The output of the console exporter, and how its page looks.

use std::io::{self, IsTerminal, Write};

use crate::config::{ConsoleWriter, TelemetryConfig};

use super::ascii::to_ascii;
use super::page::{PageStyle, Surroundings};

/// Standard output or a writer.
#[derive(Debug)]
pub(super) struct Output {
    writer: Option<ConsoleWriter>,
    pub(super) page: PageStyle,
}

impl Output {
    pub(super) fn new(config: &TelemetryConfig) -> Self {
        let writer = config.console_writer.clone();
        let is_terminal = writer.is_none() && io::stdout().is_terminal();
        let page = PageStyle::new(&Surroundings {
            is_writer: writer.is_some(),
            is_terminal,
            columns: is_terminal.then(columns).flatten(),
            variable: &|name| std::env::var(name).ok(),
        });
        Self { writer, page }
    }

    pub(super) fn print(&self, text: &str) -> io::Result<()> {
        let ascii = self.page.is_ascii.then(|| to_ascii(text));
        let text = ascii.as_deref().unwrap_or(text);
        match &self.writer {
            Some(writer) => writer.write(text),
            None => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(text.as_bytes())?;
                stdout.flush()
            }
        }
    }
}

/// Returns the width of the terminal.
#[cfg(feature = "terminal")]
fn columns() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}

#[cfg(not(feature = "terminal"))]
fn columns() -> Option<usize> {
    None
}
