//! The text of an error, for a span: without secrets.
//!
//! A client's errors name where a request went, and keys stand in queries; others quote headers. What is replaced is in the
//! documentation of [`redaction`](throughline_propagation::redaction).

use std::fmt::Display;

use throughline_propagation::redaction::redact;

/// The text of an error with `REDACTED` in the place of each secret in it.
///
/// ```
/// use throughline_tracing_layer::error_message::error_message;
///
/// let text = error_message("no answer from https://me:secret@example.com/v1?key=secret");
/// assert_eq!(text, "no answer from https://REDACTED@example.com/v1?REDACTED");
/// ```
#[must_use]
pub fn error_message(error: &(impl Display + ?Sized)) -> String {
    let text = error.to_string();
    redact(&text).into_owned()
}
