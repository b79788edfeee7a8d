//! The output of the console exporter, its width and its colours.

use std::io::{self, IsTerminal, Write};

use crate::config::{ConsoleWriter, TelemetryConfig};

/// Standard output or a writer.
#[derive(Debug)]
pub(super) struct Output {
    writer: Option<ConsoleWriter>,
    pub(super) page: PageStyle,
}

/// The width and the colours of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageStyle {
    pub(super) width: usize,
    pub(super) colour: bool,
}

impl Output {
    pub(super) fn new(config: &TelemetryConfig) -> Self {
        let writer = config.console_writer.clone();
        let terminal = writer.is_none() && io::stdout().is_terminal();
        let is_disabled = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let width = terminal.then(terminal_size::terminal_size).flatten();
        let width = width.map_or(DEFAULT_WIDTH, |(width, _)| usize::from(width.0).max(MIN_WIDTH));
        Self {
            writer,
            page: PageStyle {
                width,
                colour: terminal && !is_disabled,
            },
        }
    }

    pub(super) fn print(&self, text: &str) -> io::Result<()> {
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

/// The width if the output is not a terminal. It also suits a README.
const DEFAULT_WIDTH: usize = 100;
const MIN_WIDTH: usize = 60;
