//! The functions and traits that the expansion of `#[traced]` uses. Not part of the public API: they may
//! change at any time.

use std::any;
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;
use std::ops::Deref;
use std::sync::OnceLock;

pub use opentelemetry::trace::{SpanBuilder, SpanKind};
pub use opentelemetry::{Context, KeyValue};

use crate::error_type::of_type;

use super::ToAttribute;
use super::current::{Failure, fail_current};
use super::set_span_error;

/// Calls a closure once, so that it may move what it captures.
pub fn call<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// Also accepts a `&Context`, by the compiler's dereferencing.
#[must_use]
pub fn parent(context: &Context) -> Context {
    context.clone()
}

pub fn attribute(key: &'static str, value: &(impl ToAttribute + ?Sized)) -> Option<KeyValue> {
    value.to_attribute().map(|value| KeyValue::new(key, value))
}

#[must_use]
pub fn literal(key: &'static str, value: &'static str) -> Option<KeyValue> {
    Some(KeyValue::new(key, value))
}

pub fn display(key: &'static str, value: &(impl fmt::Display + ?Sized)) -> Option<KeyValue> {
    Some(KeyValue::new(key, value.to_string()))
}

pub fn debug(key: &'static str, value: &(impl fmt::Debug + ?Sized)) -> Option<KeyValue> {
    Some(KeyValue::new(key, format!("{value:?}")))
}

/// Returns the name `Type::method` of a generic method, cached for the first type.
#[derive(Debug)]
pub struct MethodName {
    method: &'static str,
    first: OnceLock<(&'static str, String)>,
}

impl MethodName {
    #[must_use]
    pub const fn new(method: &'static str) -> Self {
        Self {
            method,
            first: OnceLock::new(),
        }
    }

    #[must_use]
    pub fn for_type<T: ?Sized>(&'static self) -> Cow<'static, str> {
        let owner = short(any::type_name::<T>());
        let named = || format!("{owner}::{}", self.method);
        let (first, name) = self.first.get_or_init(|| (owner, named()));
        if *first == owner {
            Cow::Borrowed(name)
        } else {
            Cow::Owned(named())
        }
    }
}

/// Returns `Type` of `path::to::Type<path::to::Argument>`. Other texts are returned unchanged.
fn short(name: &'static str) -> &'static str {
    let path = name.split('<').next().unwrap_or(name);
    let last = path.rsplit("::").next().unwrap_or(path);
    let is_word = |text: &str| !text.is_empty() && text.chars().all(|it| it.is_alphanumeric() || it == '_');
    if is_word(last) { last } else { name }
}

/// The output of a traced function with `err`.
#[diagnostic::on_unimplemented(
    message = "`err` needs a function that returns a `Result`, not `{Self}`",
    label = "there is no error to record"
)]
pub trait Fallible {
    type Error;

    fn failure(&self) -> Option<&Self::Error>;
}

impl<T, E> Fallible for Result<T, E> {
    type Error = E;

    fn failure(&self) -> Option<&E> {
        self.as_ref().err()
    }
}

pub fn failure<R: Fallible>(result: &R) -> Option<&R::Error> {
    result.failure()
}

/// The error of a traced function, recorded by the first of four traits that its type has.
///
/// Method resolution selects the one with the most references: `(&&&&Failed(error)).record()`. It ignores
/// lifetimes, so that only errors without one can be recorded by [`Classified`](super::Classified).
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by the macro")]
pub struct Failed<'a, E: ?Sized>(pub &'a E);

/// An error with a class other than its type.
pub trait IsOfKinds {
    fn record(&self);
}

/// An [`Error`], recorded with its type and its sources.
pub trait IsError {
    fn record(&self);
}

/// A box of an [`Error`] or another pointer to one, recorded with its sources but no type.
pub trait PointsToError {
    fn record(&self);
}

/// Any other error, recorded with its text and type.
pub trait IsShown {
    fn record(&self);
}

impl IsOfKinds for &&&Failed<'_, io::Error> {
    fn record(&self) {
        set_span_error(self.0);
    }
}

#[cfg(feature = "reqwest")]
impl IsOfKinds for &&&Failed<'_, reqwest::Error> {
    fn record(&self) {
        set_span_error(self.0);
    }
}

impl<E: Error + ?Sized> IsError for &&Failed<'_, E> {
    fn record(&self) {
        fail_current(&Failure::new(&self.0));
    }
}

impl<P: Deref<Target: Error>> PointsToError for &Failed<'_, P> {
    fn record(&self) {
        fail_current(&Failure::new(&&**self.0));
    }
}

impl<E: fmt::Display> IsShown for Failed<'_, E> {
    fn record(&self) {
        let type_name = any::type_name::<E>();
        fail_current(&Failure {
            message: self.0,
            source: None,
            type_name,
            class: of_type(type_name),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Named<T>(T);

    #[test]
    fn types_are_called_by_their_last_name() {
        let cases = [
            (any::type_name::<Named<Named<u8>>>(), "Named"),
            (any::type_name::<String>(), "String"),
            (any::type_name::<dyn Error>(), "Error"),
            (any::type_name::<u8>(), "u8"),
            (any::type_name::<(u8, String)>(), "(u8, alloc::string::String)"),
            (any::type_name::<[String]>(), "[alloc::string::String]"),
        ];
        for (name, expected) in cases {
            assert_eq!(short(name), expected, "{name}");
        }
    }

    #[test]
    fn method_name_knows_more_than_one_type() {
        static NAME: MethodName = MethodName::new("run");
        for _ in 0..2 {
            assert_eq!(NAME.for_type::<Named<u8>>(), "Named::run", "the first");
            assert_eq!(NAME.for_type::<Named<String>>(), "Named::run", "of the same name");
            assert_eq!(NAME.for_type::<String>(), "String::run", "another");
        }
        assert!(
            matches!(NAME.for_type::<Named<u8>>(), Cow::Borrowed(_)),
            "the first is not made twice"
        );
    }
}
