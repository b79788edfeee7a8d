//! A request that is a model call, and the format that it is in.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::format::WireFormat;
use crate::formats::{self, Format};
use crate::guarded::Guarded;
use crate::json::{Path, Scalar};
use crate::reply::Reply;

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
    /// The decoder of a [`Format`].
    BuiltIn(&'static dyn WireFormat),
    User(Arc<dyn WireFormat>),
}

impl Deref for AnyFormat {
    type Target = dyn WireFormat;

    fn deref(&self) -> &Self::Target {
        match &self.0 {
            Source::BuiltIn(decoder) => *decoder,
            Source::User(format) => &**format,
        }
    }
}

impl AnyFormat {
    pub(crate) fn from_user(format: Arc<dyn WireFormat>) -> Self {
        Self(Source::User(format))
    }

    /// Passes a value of an answer on. For a built-in format, reads what all of them share too.
    #[inline]
    pub(crate) fn read_value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        match &self.0 {
            Source::BuiltIn(decoder) => formats::read_value(*decoder, at, value, reply),
            Source::User(format) => format.value(at, value, reply),
        }
    }

    /// Passes the name of an event on, as [`Self::read_value`] does.
    pub(crate) fn begin_event(&self, name: &str, reply: &mut Reply) {
        match &self.0 {
            Source::BuiltIn(decoder) => formats::begin_event(*decoder, name, reply),
            Source::User(format) => format.event(name, reply),
        }
    }

    /// Whether values at this path carry no information. All built-in formats have the same such paths.
    pub(crate) fn is_ignored(&self, at: &Path) -> bool {
        match &self.0 {
            Source::BuiltIn(_) => formats::is_ignored(at),
            Source::User(format) => format.ignores(at),
        }
    }
}

/// A [`Format`] stays what it is: it needs no protection from panics, which costs a user's format something
/// for each value.
impl<F: WireFormat + 'static> From<F> for AnyFormat {
    fn from(format: F) -> Self {
        let any: &dyn Any = &format;
        match any.downcast_ref() {
            Some(built_in) => Self(Source::BuiltIn(Format::decoder(*built_in))),
            None => Self::from_user(Arc::new(Guarded(format))),
        }
    }
}

impl fmt::Debug for AnyFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyFormat").field(&self.operation()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{AnyFormat, Format, Source};
    use crate::framing::tests::Fickle;

    /// `Rule::new` used to guard built-in formats too.
    #[test]
    fn built_in_formats_are_not_guarded() {
        let AnyFormat(built_in) = Format::Gemini.into();
        assert!(
            matches!(built_in, Source::BuiltIn(_)),
            "a built-in format stays one"
        );
        let AnyFormat(user) = Fickle.into();
        assert!(matches!(user, Source::User(_)), "a user's format is one");
    }
}
