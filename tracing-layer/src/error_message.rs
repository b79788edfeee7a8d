//! The text of an error, for a span: without the secrets of URLs.
//!
//! A client's errors name where a request went, and keys stand in queries.

use std::fmt::Display;

use crate::limits::{MAX_ATTRIBUTE_BYTES, truncate_string};

/// The text of an error. Of each URL in it the user, the query and the fragment are left out. Beyond
/// [`MAX_ATTRIBUTE_BYTES`] it is cut: errors quote what a peer sent.
///
/// ```
/// use throughline_tracing_layer::error_message::error_message;
///
/// let text = error_message("no answer from https://me:secret@example.com/v1?key=secret");
/// assert_eq!(text, "no answer from https://example.com/v1?…");
/// ```
#[must_use]
pub fn error_message(error: &(impl Display + ?Sized)) -> String {
    let text = error.to_string();
    let mut pieces = text.split(AUTHORITY);
    let mut message = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (url, behind) = cut(piece, piece.find(ENDS));
        let (open, secret) = cut(url, url.find(['?', '#']));
        let (authority, path) = cut(open, open.find('/'));
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (secret, closing) = cut(secret, Some(secret.trim_end_matches(CLOSES).len()));
        let mark = if secret.is_empty() { "" } else { "?…" };
        message.extend([AUTHORITY, host, path, mark, closing, behind]);
    }
    truncate_string(&mut message, MAX_ATTRIBUTE_BYTES);
    message
}

fn cut(text: &str, at: Option<usize>) -> (&str, &str) {
    at.and_then(|at| text.split_at_checked(at)).unwrap_or((text, ""))
}

const AUTHORITY: &str = "://";
/// What no URL holds.
const ENDS: &[char] = &[' ', '\t', '\r', '\n', '"', '<', '>', '`'];
/// What may stand behind a URL and is no part of it.
const CLOSES: &[char] = &[')', ']', '}', '.', ',', ':', ';', '\''];

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

    #[test]
    fn messages() {
        let cases = [
            ("timed out", "timed out"),
            ("", ""),
            (
                "error for url (https://x.test:1/v1beta/m:generateContent?key=secret&alt=sse): timed out",
                "error for url (https://x.test:1/v1beta/m:generateContent?…): timed out",
            ),
            (
                "for url (https://x.test/p) and 'http://me:secret@y.test?k=secret'",
                "for url (https://x.test/p) and 'http://y.test?…'",
            ),
            ("https://x.test/a@b/c#secret", "https://x.test/a@b/c?…"),
            ("https://x.test/p?\nhttp://", "https://x.test/p?…\nhttp://"),
            ("what? a :// b@c", "what? a :// b@c"),
        ];
        for (text, expected) in cases {
            assert_eq!(error_message(text), expected, "{text:?}");
        }
    }
}
