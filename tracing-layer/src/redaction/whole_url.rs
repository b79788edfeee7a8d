//! Texts that consist of one URL.

use std::borrow::Cow;
use std::ops::Range;

use super::REDACTED;
use super::text::redact;

/// Redacts a text that consists of one URL, such as a setting: user info, query and fragment are replaced,
/// whatever characters they have.
///
/// Scheme, host, port and path are preserved. A text without a scheme is treated as the rest of a URL.
///
/// ```
/// use throughline_tracing_layer::redaction::redact_url;
///
/// let url = "https://me:my \"pass/word\"@collector:4317/v1?key=secret";
/// assert_eq!(redact_url(url), "https://REDACTED@collector:4317/v1?REDACTED");
/// ```
#[must_use]
pub fn redact_url(url: &str) -> Cow<'_, str> {
    let start = url.find("//").map_or(0, |at| at + 2);
    let at = url.rfind('@').filter(|&at| at > start);
    // A `?` or `#` before the last `@` either belongs to a password that is not encoded, or begins a query
    // that has the `@`. In the first case the text before the `@` is secret, in the second the text after it.
    let is_ambiguous = at.is_some_and(|at| {
        url.get(start..at)
            .is_some_and(|before| before.contains(['?', '#']))
    });
    if is_ambiguous {
        return format!("{}{REDACTED}", url.get(..start).unwrap_or_default()).into();
    }
    let host = at.unwrap_or(start);
    let end = url.get(host..).and_then(|rest| rest.find(['?', '#']));
    let end = end.map(|end| host + end).filter(|end| end + 1 < url.len());
    if at.is_none() && end.is_none() {
        return redact(url);
    }
    let piece = |range: Range<usize>| url.get(range).unwrap_or_default();
    let mut redacted = piece(0..start).to_owned();
    if at.is_some() {
        redacted.push_str(REDACTED);
    }
    redacted.push_str(piece(host..end.unwrap_or(url.len())));
    if let Some(end) = end {
        redacted.extend([piece(end..end + 1), REDACTED]);
    }
    Cow::Owned(redact(&redacted).into_owned())
}
