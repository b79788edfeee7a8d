//! The errors of initialisation, flush and shutdown.

use std::error::Error;
use std::fmt;
use std::iter;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use throughline_tracing_layer::redaction::{redact, redact_url};

use crate::signal::Signal;

/// The error of [`init`](crate::init) and of the configuration sources.
///
/// The message names the key, its value and what is accepted. [`source`](Error::source) returns the cause,
/// which `{:#}` and `{:?}` also print.
pub struct InitError(Box<InitErrorParts>);

/// The error of a [flush](crate::Telemetry::flush) or a [shutdown](crate::Telemetry::shutdown) that did not
/// deliver everything, because deliveries failed or did not finish in time. It does not have to change the
/// exit code of a program.
pub struct ShutdownError(Vec<SignalFailure>);

/// A failed delivery. The order groups failures with the same signal and cause.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SignalFailure {
    pub(crate) signal: Signal,
    pub(crate) why: String,
    pub(crate) service: Option<Arc<str>>,
}

/// The source of a value.
#[derive(Debug, Clone)]
pub(crate) enum ConfigSource {
    Code,
    Text,
    Environment,
    File(PathBuf),
}

struct InitErrorParts {
    kind: InitErrorKind,
    message: String,
    source: Option<Box<RedactedCause>>,
}

/// A cause without secrets. The errors of clients and parsers contain URLs, headers and lines of files.
struct RedactedCause {
    message: String,
    source: Option<Box<RedactedCause>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InitErrorKind {
    Configuration,
    Exporter,
    Running,
}

impl InitError {
    /// Returns whether a configuration value, key or file is the cause.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        self.0.kind == InitErrorKind::Configuration
    }

    /// Returns whether an exporter or a propagator could not be built, for example because its feature is not
    /// compiled in.
    #[must_use]
    pub fn is_exporter(&self) -> bool {
        self.0.kind == InitErrorKind::Exporter
    }

    /// Returns whether telemetry is already running.
    #[must_use]
    pub fn is_already_running(&self) -> bool {
        self.0.kind == InitErrorKind::Running
    }

    pub(crate) fn not_accepted(
        place: ConfigSource,
        key: impl fmt::Display,
        value: impl ToString,
        accepted: impl fmt::Display,
    ) -> Self {
        let value = value.to_string();
        let value = redact_url(&value);
        Self::new(
            InitErrorKind::Configuration,
            format!("{place}{key} = {value:?} is not accepted: use {accepted}"),
        )
    }

    /// `similar` is the key that is probably meant.
    pub(crate) fn unknown_key(
        place: &ConfigSource,
        key: &str,
        similar: Option<&str>,
        accepted: &str,
    ) -> Self {
        let meant = similar.map_or_else(String::new, |similar| format!(" (did you mean {similar:?}?)"));
        Self::new(
            InitErrorKind::Configuration,
            format!("{place}the key {key:?} is unknown{meant}: use {accepted}"),
        )
    }

    pub(crate) fn duplicate(place: &ConfigSource, one: &str, other: &str) -> Self {
        let message = if one == other {
            // A nested key and the same key with dots.
            format!("{place}there are two values of the key {one}: keep one of them")
        } else {
            format!("{place}{one} and {other} set the same value: keep one of them")
        };
        Self::new(InitErrorKind::Configuration, message)
    }

    pub(crate) fn missing_key(place: &ConfigSource, key: &str) -> Self {
        let message = format!("{place}the key {key} is missing");
        Self::new(InitErrorKind::Configuration, message)
    }

    /// `what` starts the message: a file, or the setting that names it.
    pub(crate) fn unreadable(what: &str, path: &Path, source: std::io::Error) -> Self {
        let message = format!("{what} {} cannot be read", path.display());
        Self::new(InitErrorKind::Configuration, message).caused_by(source)
    }

    pub(crate) fn no_pem(setting: &str, path: &Path, what: &str) -> Self {
        let message = format!("{setting} {} contains no {what} in PEM format", path.display());
        Self::new(InitErrorKind::Configuration, message)
    }

    /// `why` contains the position only, because the text may contain secrets.
    pub(crate) fn syntax(place: &ConfigSource, format: &str, why: String) -> Self {
        let mut error = Self::new(
            InitErrorKind::Configuration,
            format!("{place}the configuration is not {format}"),
        );
        error.0.source = Some(RedactedCause::boxed(why, None));
        error
    }

    pub(crate) fn exporter(message: String) -> Self {
        Self::new(InitErrorKind::Exporter, message)
    }

    pub(crate) fn already_running(first: &'static Location<'static>) -> Self {
        let message = format!("telemetry is already running, started at {first}: shut it down first");
        Self::new(InitErrorKind::Running, message)
    }

    pub(crate) fn caused_by(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(RedactedCause::from_error(&source));
        self
    }

    fn new(kind: InitErrorKind, message: String) -> Self {
        Self(Box::new(InitErrorParts {
            kind,
            message: redact(&message).into_owned(),
            source: None,
        }))
    }
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        match self.source() {
            Some(cause) if f.alternate() => write!(f, ": {}", chain(cause)),
            _ => Ok(()),
        }
    }
}

/// The display form with causes, because a `main` that returns this error prints it.
impl fmt::Debug for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")
    }
}

impl Error for InitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl RedactedCause {
    fn boxed(message: String, source: Option<Box<Self>>) -> Box<Self> {
        Box::new(Self { message, source })
    }

    /// Copies the causes of an error, up to [`MAX_CAUSES`].
    fn from_error<'a>(error: &'a (dyn Error + 'static)) -> Box<Self> {
        let next = |error: &&'a (dyn Error + 'static)| (*error).source();
        let chain: Vec<_> = iter::successors(Some(error), next)
            .take(MAX_CAUSES)
            .map(|error| redact(&error.to_string()).into_owned())
            .collect();
        let outermost = |cause: Option<Box<Self>>, message| Some(Self::boxed(message, cause));
        let chained = chain.into_iter().rev().fold(None, outermost);
        chained.unwrap_or_else(|| Self::boxed(String::new(), None))
    }
}

impl fmt::Display for RedactedCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for RedactedCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.message, f)
    }
}

impl Error for RedactedCause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl ShutdownError {
    pub(crate) fn from_failures(failures: Vec<SignalFailure>) -> Result<(), Self> {
        if failures.is_empty() {
            Ok(())
        } else {
            Err(Self(failures))
        }
    }
}

impl fmt::Display for ShutdownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not everything was delivered")?;
        let is_one_kind =
            |one: &SignalFailure, other: &SignalFailure| (one.signal, &one.why) == (other.signal, &other.why);
        for failures in self.0.chunk_by(is_one_kind) {
            let Some(SignalFailure { signal, why, .. }) = failures.first() else {
                continue;
            };
            let why = redact(why);
            let services = failures.iter().map(|failure| failure.service.as_deref());
            let services: Vec<&str> = services.map(|service| service.unwrap_or("the process")).collect();
            if failures.iter().all(|failure| failure.service.is_none()) {
                write!(f, "; {signal}: {why}")?;
            } else {
                write!(f, "; {signal} of {}: {why}", services.join(", "))?;
            }
        }
        Ok(())
    }
}

/// The display form, because a `main` that returns this error prints it.
impl fmt::Debug for ShutdownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Error for ShutdownError {}

/// Formats an error and its causes, without repetitions.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut chain = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !chain.ends_with(&text) {
            chain.push_str(": ");
            chain.push_str(&text);
        }
        cause = error.source();
    }
    chain
}

impl fmt::Display for ConfigSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code => Ok(()),
            Self::Text => f.write_str("in the configuration text, "),
            Self::Environment => f.write_str("in the environment, "),
            Self::File(path) => write!(f, "in {}, ", path.display()),
        }
    }
}

/// Causes beyond this depth are omitted.
const MAX_CAUSES: usize = 32;
