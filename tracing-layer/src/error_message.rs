//! The text of an error for a span, without secrets.
//!
//! The errors of clients contain URLs, whose queries may have keys, and other errors quote headers. See
//! [`redaction`](crate::redaction) for what is replaced.

use std::fmt::Display;

use crate::redaction::redact;

use crate::limits::{MAX_ATTRIBUTE_BYTES, truncate_string};

/// Returns the text of an error with each secret replaced by `REDACTED`. It is cut to
/// [`MAX_ATTRIBUTE_BYTES`], since errors may quote the peer.
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
    let mut message = redact(&text).into_owned();
    truncate_string(&mut message, MAX_ATTRIBUTE_BYTES);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_are_cut() {
        let cases = [
            ("x".repeat(MAX_ATTRIBUTE_BYTES), MAX_ATTRIBUTE_BYTES),
            ("x".repeat(2_500_000), MAX_ATTRIBUTE_BYTES),
            ("€".repeat(2_500_000), MAX_ATTRIBUTE_BYTES - 1),
            (
                format!("for url (https://x.test/{})", "p".repeat(9_000)),
                MAX_ATTRIBUTE_BYTES,
            ),
        ];
        for (text, length) in cases {
            assert_eq!(error_message(&text).len(), length, "{} bytes", text.len());
        }
    }
}
