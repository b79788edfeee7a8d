//! Why telemetry could not be set up, or not be delivered to the end.

use std::error::Error;
use std::fmt;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::signal::Signal;

/// Why [`init`](crate::init) or a configuration source refused.
///
/// The text names the key, its value and what is accepted; [`source`](Error::source) has the cause beneath, which `{:#}`
/// and `{:?}` print too.
pub struct InitError(Box<Inner>);

/// Why a [flush](crate::Telemetry::flush) or a [shutdown](crate::Telemetry::shutdown) did not deliver everything: deliveries
/// that failed or were not finished in time. It is no reason for a program to exit with a failure.
pub struct ShutdownError(Vec<Failure>);

/// What was not delivered. Failures of one kind are neighbours in their order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Failure {
    pub(crate) signal: Signal,
    pub(crate) why: String,
    pub(crate) service: Option<Arc<str>>,
}

/// Where a value was read.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Code,
    Text,
    Environment,
    File(PathBuf),
}

struct Inner {
    kind: Kind,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Configuration,
    Exporter,
    Running,
}

impl InitError {
    /// Whether a configuration value, key or file is at fault.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        self.0.kind == Kind::Configuration
    }

    /// Whether an exporter or a propagator could not be built, as when its feature is not compiled in.
    #[must_use]
    pub fn is_exporter(&self) -> bool {
        self.0.kind == Kind::Exporter
    }

    /// Whether telemetry is running already.
    #[must_use]
    pub fn is_already_running(&self) -> bool {
        self.0.kind == Kind::Running
    }

    pub(crate) fn value(place: Place, key: impl fmt::Display, value: impl ToString, accepted: &str) -> Self {
        let value = without_credentials(value.to_string());
        Self::new(
            Kind::Configuration,
            format!("{place}{key} = {value:?} is not accepted: use {accepted}"),
        )
    }

    pub(crate) fn unknown_key(place: &Place, key: &str, known: &str) -> Self {
        Self::new(
            Kind::Configuration,
            format!("{place}the key {key:?} is not known: use {known}"),
        )
    }

    pub(crate) fn same(place: &Place, one: &str, other: &str) -> Self {
        let message = format!("{place}{one} and {other} say the same: keep one of them");
        Self::new(Kind::Configuration, message)
    }

    /// `what` begins the sentence: a file, or the setting that names it.
    pub(crate) fn unreadable(what: &str, path: &Path, source: std::io::Error) -> Self {
        let message = format!("{what} {} cannot be read", path.display());
        Self::new(Kind::Configuration, message).caused_by(source)
    }

    pub(crate) fn holds_no(setting: &str, path: &Path, what: &str) -> Self {
        let message = format!("{setting} {} holds no {what} in PEM", path.display());
        Self::new(Kind::Configuration, message)
    }

    pub(crate) fn syntax(place: &Place, format: &str, source: impl Error + Send + Sync + 'static) -> Self {
        Self::new(
            Kind::Configuration,
            format!("{place}the configuration is not {format}"),
        )
        .caused_by(source)
    }

    pub(crate) fn exporter(message: String) -> Self {
        Self::new(Kind::Exporter, message)
    }

    pub(crate) fn twice(first: &'static Location<'static>) -> Self {
        let message = format!("telemetry is running already, started at {first}: shut that down first");
        Self::new(Kind::Running, message)
    }

    pub(crate) fn caused_by(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(source.into());
        self
    }

    fn new(kind: Kind, message: String) -> Self {
        Self(Box::new(Inner {
            kind,
            message,
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

/// In words, as a `main` that returns it prints it.
impl fmt::Debug for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")
    }
}

impl Error for InitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}

impl ShutdownError {
    pub(crate) fn from_failures(failures: Vec<Failure>) -> Result<(), Self> {
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
            |one: &Failure, other: &Failure| (one.signal, &one.why) == (other.signal, &other.why);
        for failures in self.0.chunk_by(is_one_kind) {
            let Some(Failure { signal, why, .. }) = failures.first() else {
                continue;
            };
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

/// In words, as a `main` that returns it prints it.
impl fmt::Debug for ShutdownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Error for ShutdownError {}

/// An error and its causes, each said once.
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

/// A URL that was refused may hold a password; an error is read by many.
fn without_credentials(value: String) -> String {
    match (value.find("://"), value.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            format!(
                "{}REDACTED{}",
                value.get(..scheme + 3).unwrap_or_default(),
                value.get(at..).unwrap_or_default()
            )
        }
        _ => value,
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code => Ok(()),
            Self::Text => f.write_str("in the configuration text, "),
            Self::Environment => f.write_str("in the environment, "),
            Self::File(path) => write!(f, "in {}, ", path.display()),
        }
    }
}
