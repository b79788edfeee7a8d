//! Errors of requests to providers.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use throughline::error_type::ConnectError;

use super::request_body::body_refusal;
use crate::body::BoxError;
use crate::refusal::{Refusal, RefusalKind};

/// Why a provider did not answer.
#[derive(Debug)]
pub(crate) enum UpstreamError {
    /// No connection.
    Connect(ConnectError),
    /// The connection broke before the head of the answer.
    Transport(hyper::Error),
    /// A connection that had been idle broke as soon as the request was sent: probably, the provider was closing it, and has
    /// not seen the request.
    Stale(hyper::Error),
    /// No head of an answer in time. The source has the kind `TimedOut`, by which spans name the error.
    Timeout(io::Error),
    /// The body of the request could not be read.
    RequestBody(BoxError),
    /// The circuit of the last provider is open.
    CircuitOpen(Duration),
    /// The path cannot be forwarded to a fallback.
    Target,
}

impl UpstreamError {
    pub(crate) fn timeout() -> Self {
        Self::Timeout(io::Error::new(
            io::ErrorKind::TimedOut,
            "the provider did not answer in time",
        ))
    }

    /// Whether another try may succeed: the provider gave no answer.
    pub(crate) fn is_retryable(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Transport(_) | Self::Stale(_) | Self::Timeout(_) => true,
            Self::RequestBody(_) | Self::CircuitOpen(_) | Self::Target => false,
        }
    }
}

impl From<&UpstreamError> for Refusal {
    fn from(error: &UpstreamError) -> Self {
        let message = error.to_string();
        match error {
            UpstreamError::Connect(_) | UpstreamError::Transport(_) | UpstreamError::Stale(_) => {
                // The last source has the system's reason and no address.
                let mut last: &(dyn Error + 'static) = error;
                while let Some(source) = last.source() {
                    last = source;
                }
                Self::new(RefusalKind::Unreachable, format!("{message}: {last}"))
            }
            UpstreamError::Timeout(_) => Self::new(RefusalKind::Timeout, message),
            UpstreamError::RequestBody(error) => body_refusal(&**error),
            UpstreamError::CircuitOpen(wait) => {
                Self::new(RefusalKind::CircuitOpen, message).with_retry_after(*wait)
            }
            UpstreamError::Target => Self::new(RefusalKind::Invalid, message),
        }
    }
}

impl From<hyper::Error> for UpstreamError {
    fn from(error: hyper::Error) -> Self {
        match error.is_user() {
            true => Self::RequestBody(error.into()),
            false => Self::Transport(error),
        }
    }
}

impl From<io::Error> for UpstreamError {
    /// Returns the error that an [`io::Error`] wraps, in which layers can look into it.
    fn from(error: io::Error) -> Self {
        error.downcast().unwrap_or(Self::Target)
    }
}

impl fmt::Display for UpstreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect(_) => "the provider cannot be reached",
            Self::Transport(_) | Self::Stale(_) => "the connection to the provider broke before it answered",
            Self::Timeout(_) => "the provider did not answer in time",
            Self::RequestBody(_) => "the body of the request did not arrive",
            Self::CircuitOpen(_) => "the provider failed repeatedly and gets no requests for a while",
            Self::Target => "the path cannot be forwarded",
        })
    }
}

impl Error for UpstreamError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Connect(error) => Some(error),
            Self::Transport(error) | Self::Stale(error) => Some(error),
            Self::RequestBody(error) => Some(&**error),
            Self::Timeout(error) => Some(error),
            Self::CircuitOpen(_) | Self::Target => None,
        }
    }
}
