//! The level of the messages that this crate logs about itself (`OTEL_LOG_LEVEL`).

use std::sync::atomic::{AtomicBool, Ordering};

/// The least severe message that this crate logs about itself. It logs warnings only, so
/// [`Error`](Self::Error) and above turn all messages off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogLevel {
    /// No messages.
    None,
    /// Fatal errors.
    Fatal,
    /// Errors.
    Error,
    /// Warnings.
    Warn,
    /// Information. The default.
    #[default]
    Info,
    /// Messages for debugging.
    Debug,
    /// All messages.
    Trace,
}

impl LogLevel {
    const ALL: [Self; 7] = [
        Self::None,
        Self::Fatal,
        Self::Error,
        Self::Warn,
        Self::Info,
        Self::Debug,
        Self::Trace,
    ];

    /// Parses a name, also one with a number of severity behind it, such as `warn2`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let name = text.strip_suffix(['2', '3', '4']).unwrap_or(text);
        let level = Self::ALL.into_iter().find(|level| level.as_str() == name)?;
        (level != Self::None || name == text).then_some(level)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Fatal => "fatal",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    /// Applies this level to the process.
    pub(crate) fn install(self) {
        let is_silent = matches!(self, Self::None | Self::Fatal | Self::Error);
        IS_SILENT.store(is_silent, Ordering::Relaxed);
    }
}

/// Returns whether warnings are logged.
pub(crate) fn logs_warnings() -> bool {
    !IS_SILENT.load(Ordering::Relaxed)
}

static IS_SILENT: AtomicBool = AtomicBool::new(false);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_named_as_severities() {
        for (text, expected) in [
            ("trace", Some(LogLevel::Trace)),
            ("debug4", Some(LogLevel::Debug)),
            ("info", Some(LogLevel::Info)),
            ("warn2", Some(LogLevel::Warn)),
            ("error", Some(LogLevel::Error)),
            ("fatal3", Some(LogLevel::Fatal)),
            ("none", Some(LogLevel::None)),
            ("none2", None),
            ("warn5", None),
            ("warning", None),
            ("", None),
        ] {
            assert_eq!(LogLevel::parse(text), expected, "{text}");
        }
    }
}
