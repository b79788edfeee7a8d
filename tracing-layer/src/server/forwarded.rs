//! The headers that proxies add to a request. They are lists to which each proxy may have added.
//!
//! The first element is from the proxy next to the client. The headers are only used if the caller is
//! trusted. Malformed elements are ignored one by one.

use std::borrow::Cow;

use http::header::FORWARDED;
use http::{HeaderMap, HeaderName};

/// The first element of `Forwarded`.
///
/// <https://www.rfc-editor.org/rfc/rfc7239#section-4>
#[derive(Debug, Clone, Default)]
pub(super) struct Forwarded<'a> {
    pub(super) client: Option<Cow<'a, str>>,
    pub(super) host: Option<Cow<'a, str>>,
    pub(super) proto: Option<Cow<'a, str>>,
}

impl<'a> Forwarded<'a> {
    pub(super) fn first(headers: &'a HeaderMap) -> Self {
        let mut forwarded = Self::default();
        let mut pairs = first(headers, &FORWARDED);
        while let Some(rest) = pairs {
            let (pair, after) = split(rest, b';');
            pairs = after;
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let parameter = match name.trim() {
                name if name.eq_ignore_ascii_case("for") => &mut forwarded.client,
                name if name.eq_ignore_ascii_case("host") => &mut forwarded.host,
                name if name.eq_ignore_ascii_case("proto") => &mut forwarded.proto,
                _ => continue,
            };
            // A parameter must not occur twice. If it does, the first one applies.
            *parameter = parameter.take().or_else(|| unquoted(value.trim()));
        }
        forwarded
    }
}

/// Returns the first element of a list that is not empty, on any line.
pub(super) fn first<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let lines = headers.get_all(name).iter();
    lines.filter_map(|line| line.to_str().ok()).find_map(|line| {
        let mut elements = Some(line);
        while let Some(rest) = elements {
            let (element, after) = split(rest, b',');
            if !element.trim().is_empty() {
                return Some(element.trim());
            }
            elements = after;
        }
        None
    })
}

/// Splits a text at the first separator outside of quotes. An unterminated quote extends to the end.
fn split(text: &str, separator: u8) -> (&str, Option<&str>) {
    let (mut quoted, mut escaped) = (false, false);
    let end = text.bytes().position(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => return byte == separator && !quoted,
        }
        false
    });
    match end.and_then(|end| text.split_at_checked(end)) {
        Some((before, after)) => (before, after.get(1..)),
        None => (text, None),
    }
}

/// Returns a token or the content of quotes. Returns `None` if quotes are not balanced.
fn unquoted(value: &str) -> Option<Cow<'_, str>> {
    if !value.contains('"') {
        return Some(Cow::Borrowed(value));
    }
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains(['"', '\\']) {
        return Some(Cow::Borrowed(inner));
    }
    let mut text = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.push(characters.next()?),
            '"' => return None,
            other => text.push(other),
        }
    }
    Some(Cow::Owned(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_elements_of_forwarded() {
        // Header lines, followed by `for`, `host` and `proto`.
        let cases: [(&[&str], [Option<&str>; 3]); 19] = [
            (
                &["for=192.0.2.60;proto=http;host=a"],
                [Some("192.0.2.60"), Some("a"), Some("http")],
            ),
            (
                &["host=\"a,b\";for=192.0.2.60"],
                [Some("192.0.2.60"), Some("a,b"), None],
            ),
            (
                &["for=192.0.2.60;host=\"a;b\";proto=https"],
                [Some("192.0.2.60"), Some("a;b"), Some("https")],
            ),
            (
                &["host=\"a=b\";for=1.1.1.1"],
                [Some("1.1.1.1"), Some("a=b"), None],
            ),
            (
                &["for=\"[2001:db8::1]:47\", for=10.0.0.1"],
                [Some("[2001:db8::1]:47"), None, None],
            ),
            (
                &["secret=\"x, for=6.6.6.6\";for=1.1.1.1"],
                [Some("1.1.1.1"), None, None],
            ),
            (
                &["host=\"a\\\"b\\\\c\";for=1.1.1.1"],
                [Some("1.1.1.1"), Some("a\"b\\c"), None],
            ),
            (
                &["host=\"a\\\",b\";for=1.1.1.1"],
                [Some("1.1.1.1"), Some("a\",b"), None],
            ),
            (
                &["FOR=1.1.1.1 ; Proto = https ;HOST=a"],
                [Some("1.1.1.1"), Some("a"), Some("https")],
            ),
            (&[", ,for=1.1.1.1,for=2.2.2.2"], [Some("1.1.1.1"), None, None]),
            (&["", "for=1.1.1.1", "for=2.2.2.2"], [Some("1.1.1.1"), None, None]),
            (&["for=1.1.1.1;for=2.2.2.2"], [Some("1.1.1.1"), None, None]),
            (&[";;for=1.1.1.1;;"], [Some("1.1.1.1"), None, None]),
            (
                &["for=1.1.1.1;host=\"never, closed;proto=https"],
                [Some("1.1.1.1"), None, None],
            ),
            (&["for=\";host="], [None, None, None]),
            (
                &["for=a\"b\";host=\"a\"b\"c\";proto=https"],
                [None, None, Some("https")],
            ),
            (&["host=\"\\"], [None, None, None]),
            (&["for"], [None, None, None]),
            (&[], [None, None, None]),
        ];
        for (lines, expected) in cases {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(FORWARDED, line.parse().expect("a value"));
            }
            let Forwarded { client, host, proto } = Forwarded::first(&headers);
            let found = [client.as_deref(), host.as_deref(), proto.as_deref()];
            assert_eq!(found, expected, "{lines:?}");
        }
    }
}
