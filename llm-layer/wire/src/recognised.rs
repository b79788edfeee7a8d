//! A request that is a model call, and the format that it is in.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::formats::Format;
use crate::{Path, WireFormat};

/// A model call: the format that it is in, and the provider that it goes to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Recognised {
    /// The format of request and answer.
    pub format: AnyFormat,
    /// The provider by its host, else by its path: `gen_ai.provider.name`.
    pub provider: Cow<'static, str>,
}

/// A built-in format or a user's, as a [`WireFormat`]. Cloning is cheap.
#[derive(Clone)]
pub struct AnyFormat(Source);

#[derive(Clone)]
enum Source {
    BuiltIn(Format),
    User(Arc<dyn WireFormat>),
}

impl Deref for AnyFormat {
    type Target = dyn WireFormat;

    fn deref(&self) -> &Self::Target {
        match &self.0 {
            Source::BuiltIn(format) => format.decoder(),
            Source::User(format) => &**format,
        }
    }
}

impl AnyFormat {
    pub(crate) fn from_user(format: Arc<dyn WireFormat>) -> Self {
        Self(Source::User(format))
    }

    /// Whether values at this path carry no information. For a built-in format, this is `Format`'s answer, since its decoder
    /// has none.
    pub(crate) fn is_ignored(&self, at: &Path) -> bool {
        match &self.0 {
            Source::BuiltIn(format) => format.ignores(at),
            Source::User(format) => format.ignores(at),
        }
    }
}

impl From<Format> for AnyFormat {
    fn from(format: Format) -> Self {
        Self(Source::BuiltIn(format))
    }
}

impl fmt::Debug for AnyFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyFormat").field(&self.operation()).finish()
    }
}
