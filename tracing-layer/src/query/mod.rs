//! Which parts of a URL's query are recorded.

mod names;
#[cfg(test)]
mod tests;

pub use self::names::ParameterNames;

use std::sync::OnceLock;

use crate::redaction;
use opentelemetry::otel_warn;

use crate::semconv::{REDACTED, URL_QUERY_VARIABLE};

/// Which values of a URL's query a layer records in `url.query` and `url.full`. The names of the parameters
/// are always recorded.
///
/// | value | recorded of `page=2&code=abc&xyz` | variable |
/// |---|---|---|
/// | [`Query::Redacted`] (default) | `page=REDACTED&code=REDACTED&REDACTED` | `redacted` |
/// | [`Query::only(["page"])`](Query::only) | `page=2&code=REDACTED&REDACTED` | `only:page` |
/// | [`Query::all_but_secrets()`](Query::all_but_secrets) | `page=2&code=REDACTED&REDACTED` | `all-but-secrets` |
/// | [`Query::all_but(["page"])`](Query::all_but) | `page=REDACTED&code=REDACTED&REDACTED` | `all-but:page` |
///
/// A part without `=` may be a bare token, as in `?dG9rZW4` and, with padding, `?dG9rZW50b2tlbnRva2Vu==`. It
/// is replaced as a whole, and so is a part whose name is longer than 64 bytes or has characters that are
/// unusual in names. Parts are separated by `&` or `;`. A fragment is never recorded.
///
/// Names are compared without case, `-` and `_`, after percent-decoding, even if they are encoded repeatedly.
///
/// # For the whole process
///
/// The environment variable `THROUGHLINE_URL_QUERY` sets the default of all layers, in the form of the last
/// column of the table. Names are separated by commas. It is read once, when the first layer is created. An
/// invalid value is ignored, with a warning in OpenTelemetry's internal log.
/// [`with_query`](crate::ServerLayer::with_query) has precedence.
///
/// ```
/// # use throughline_tracing_layer as throughline;
/// use throughline::{ClientLayer, Query, ServerLayer};
///
/// let server = ServerLayer::new().with_query(Query::only(["page", "limit"]));
/// let client = ClientLayer::new().with_query(Query::all_but(["cursor"]));
/// # let _ = (server, client);
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Query {
    /// No value. The default.
    #[default]
    Redacted,
    /// The values of these names.
    Only(ParameterNames),
    /// All values except those of these names, and those that hold a secret by the rules of
    /// [`redaction`](crate::redaction), such as a URL with its own query.
    AllBut(ParameterNames),
}

impl Query {
    /// Records the values of these names only. `page` includes `page[]`, but not `page[token]`.
    pub fn only<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Only(ParameterNames::new(names))
    }

    /// Records all values except those of [secret names](ParameterNames::secrets).
    #[must_use]
    pub fn all_but_secrets() -> Self {
        Self::AllBut(ParameterNames::secrets())
    }

    /// Records all values except those of [secret names](ParameterNames::secrets) and of these. `cursor`
    /// includes `cursor[]` and `page[cursor]`.
    pub fn all_but<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self::AllBut(ParameterNames::new(names).and_secrets())
    }

    /// Returns the setting of the environment, or the default.
    pub(crate) fn from_env() -> Self {
        static OF_PROCESS: OnceLock<Query> = OnceLock::new();
        let read = || {
            let value = std::env::var_os(URL_QUERY_VARIABLE).unwrap_or_default();
            let parsed = value.to_str().and_then(Self::parse);
            if parsed.is_none() {
                otel_warn!(
                    name: "throughline.url_query_ignored",
                    message = "THROUGHLINE_URL_QUERY is ignored, and values of queries are redacted: use \"redacted\", \
                               \"only:page,limit\", \"all-but-secrets\" or \"all-but:cursor\""
                );
            }
            parsed.unwrap_or_default()
        };
        OF_PROCESS.get_or_init(read).clone()
    }

    fn parse(value: &str) -> Option<Self> {
        let (kind, names) = match value.split_once(':') {
            Some((kind, names)) => (kind, Some(names)),
            None => (value, None),
        };
        let names = names.map(|names| names.split(',').map(str::trim).filter(|name| !name.is_empty()));
        let is_empty = names.clone().is_some_and(|mut names| names.next().is_none());
        match (kind.trim().to_ascii_lowercase().as_str(), names) {
            _ if is_empty => None,
            ("" | "redacted", None) => Some(Self::Redacted),
            ("only", Some(names)) => Some(Self::only(names)),
            ("all-but-secrets", None) => Some(Self::all_but_secrets()),
            ("all-but", Some(names)) => Some(Self::all_but(names)),
            _ => None,
        }
    }

    /// Writes the recorded form of a query.
    pub(crate) fn write(&self, query: &str, line: &mut String) {
        let mut rest = query;
        loop {
            // The letters of a name are usually followed by `=`: then no byte of the part is read twice.
            let name = length_before(rest, |byte| !has_letter(byte));
            let is_named = rest.as_bytes().get(name) == Some(&b'=');
            let seen = if is_named { name + 1 } else { 0 };
            let unseen = rest.get(seen..).unwrap_or_default();
            let length = seen + length_before(unseen, |byte| matches!(byte, b'&' | b';'));
            let (part, behind) = rest.split_at_checked(length).unwrap_or_default();
            if is_named && name <= MAX_NAME_WITHOUT_VALUE && matches!(self, Self::Redacted) {
                // As `write_named` does for such a name, which nearly all have.
                line.push_str(rest.get(..=name).unwrap_or_default());
                line.push_str(REDACTED);
            } else if is_named {
                self.write_named(part, name, line);
            } else {
                self.write_part(part, line);
            }
            let Some((separator, next)) = behind.split_at_checked(1) else {
                break;
            };
            line.push_str(separator);
            rest = next;
        }
    }

    /// Writes a part that does not begin with plain letters and `=`.
    fn write_part(&self, part: &str, line: &mut String) {
        let length = length_before(part, |byte| byte == b'=');
        let (name, value) = part.split_at_checked(length).unwrap_or_default();
        match self {
            _ if part.is_empty() => {}
            Self::Only(names) if value.is_empty() && names.include(name) => line.push_str(name),
            _ if !value.is_empty() && is_encoded_name(name) => self.write_named(part, length, line),
            _ => line.push_str(REDACTED),
        }
    }

    /// Writes a part that begins with a name of this length and `=`.
    fn write_named(&self, part: &str, length: usize, line: &mut String) {
        let (name, value) = part.split_at_checked(length).unwrap_or_default();
        let value = value.get(1..).unwrap_or_default();
        if is_too_long(name, value) {
            line.push_str(REDACTED);
            return;
        }
        line.push_str(part.get(..=length).unwrap_or_default());
        line.push_str(if self.shows(name, value) { value } else { REDACTED });
    }

    fn shows(&self, name: &str, value: &str) -> bool {
        match self {
            Self::Redacted => false,
            Self::Only(names) => names.include(name),
            Self::AllBut(names) => !names.include_part(name) && redaction::redact(value) == value,
        }
    }
}

/// Counts the bytes before the first one that is `such`.
fn length_before(text: &str, such: impl Fn(u8) -> bool) -> usize {
    text.bytes().position(such).unwrap_or(text.len())
}

/// Returns whether a text is too long for the name of a parameter: it may be a token, perhaps with base64
/// padding.
fn is_too_long(name: &str, value: &str) -> bool {
    let is_padding = || value.bytes().all(|byte| byte == b'=');
    name.len() > MAX_NAME_WITHOUT_VALUE && (name.len() > MAX_NAME || is_padding())
}

/// Returns whether a text is the name of a parameter, perhaps percent-encoded, and not a URL or JSON.
fn is_encoded_name(name: &str) -> bool {
    let has_letters = |text: &str| text.bytes().all(is_letter);
    let mut pieces = name.split('%');
    pieces.next().is_some_and(has_letters)
        && pieces.all(|piece| {
            let (code, rest) = piece.split_at_checked(2).unwrap_or_default();
            // A decoded percent sign would be a second encoding, so the text is no name.
            let code = u8::from_str_radix(code, 16);
            code.is_ok_and(|code| code == b' ' || (code != b'+' && is_letter(code))) && has_letters(rest)
        })
}

const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || !byte.is_ascii()
        || matches!(
            byte,
            b'-' | b'_' | b'.' | b'[' | b']' | b'$' | b'+' | b'~' | b'*' | b'!' | b'(' | b')'
        )
}

fn has_letter(byte: u8) -> bool {
    LETTERS.get(usize::from(byte)) == Some(&true)
}

/// [`is_letter`] for each byte, as a table, since every request's query is looked up here.
#[expect(clippy::indexing_slicing, reason = "a constant, and within its length")]
static LETTERS: [bool; 256] = {
    let mut letters = [false; 256];
    let mut byte = 0;
    while byte < letters.len() {
        letters[byte] = is_letter(byte as u8);
        byte += 1;
    }
    letters
};

/// The maximum length of a name, in bytes.
const MAX_NAME: usize = 64;
/// The maximum length of a name before a trailing `=`, in bytes. A longer text is more likely a token with
/// padding.
const MAX_NAME_WITHOUT_VALUE: usize = 16;
