//! Why a scope failed.

use std::borrow::Cow;
use std::fmt;

use throughline_tracing_layer::error_message::error_message;
use throughline_tracing_layer::error_type::error_type;
use throughline_tracing_layer::observe::Cause;

/// The error type and the status description of a failed scope.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) error_type: Cow<'static, str>,
    pub(crate) description: String,
}

impl Failure {
    pub(super) fn with_type(error_type: impl Into<Cow<'static, str>>, description: String) -> Self {
        Self {
            error_type: error_type.into(),
            description,
        }
    }

    pub(crate) fn new<E: fmt::Display + 'static>(error: &E) -> Self {
        Self::with_type(error_type(Cause::new(error)), error_message(error))
    }

    pub(crate) fn cancelled() -> Self {
        Self {
            error_type: "cancelled".into(),
            description: "dropped before it was ready".to_owned(),
        }
    }

    pub(crate) fn panicked() -> Self {
        Self {
            error_type: "panic".into(),
            description: "panicked".to_owned(),
        }
    }
}
