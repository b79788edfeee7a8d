//! The names that the span helpers emit, from the conventions for
//! [exceptions](https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/).

pub(super) const ERROR_TYPE: &str = "error.type";
pub(super) const EXCEPTION: &str = "exception";
pub(super) const EXCEPTION_MESSAGE: &str = "exception.message";
pub(super) const EXCEPTION_STACKTRACE: &str = "exception.stacktrace";
pub(super) const EXCEPTION_TYPE: &str = "exception.type";
pub(super) const OTHER: &str = "_OTHER";
pub(super) const PANIC: &str = "panic";
