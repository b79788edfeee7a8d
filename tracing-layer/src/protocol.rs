//! What HTTP itself determines about an exchange.

use std::borrow::Cow;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, StatusCode, Version};

use crate::semconv;

/// Returns the value of `network.protocol.version`, or `None` for an unknown version.
pub(crate) fn version(version: Version) -> Option<&'static str> {
    Some(match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_11 => "1.1",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => return None,
    })
}

/// Returns the scheme, if it is one that telemetry may contain.
pub(crate) fn scheme(scheme: &str) -> Option<&'static str> {
    [semconv::HTTP, semconv::HTTPS]
        .into_iter()
        .find(|name| name.eq_ignore_ascii_case(scheme))
}

/// Returns the default port of a scheme.
pub(crate) fn default_port(scheme: &str) -> Option<u16> {
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    match scheme {
        semconv::HTTP => Some(80),
        semconv::HTTPS => Some(443),
        _ if is(semconv::HTTP) || is("ws") => Some(80),
        _ if is(semconv::HTTPS) || is("wss") => Some(443),
        _ => None,
    }
}

/// Returns whether a response is a stream of events, whose reader usually leaves before its end.
pub(crate) fn is_event_stream(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(CONTENT_TYPE)
        .map_or(&[][..], |value| value.as_bytes());
    let essence = content_type
        .split(|&byte| byte == b';')
        .next()
        .unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(SERVER_SENT_EVENTS)
}

const SERVER_SENT_EVENTS: &[u8] = b"text/event-stream";

/// Whether a response has a body, according to the method of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseRule {
    /// It has none.
    Head,
    /// It has none if it succeeds, since a tunnel follows.
    Connect,
    /// The status code decides.
    Other,
}

impl ResponseRule {
    pub(crate) fn for_method(method: &Method) -> Self {
        match *method {
            Method::HEAD => Self::Head,
            Method::CONNECT => Self::Connect,
            _ => Self::Other,
        }
    }

    /// Returns whether the response ends with its head, whatever the type of its body.
    ///
    /// The connection that follows a `101`, or a `CONNECT` that succeeded, is not part of the exchange.
    pub(crate) fn ends_with_head(self, status: StatusCode) -> bool {
        status.is_informational()
            || status == StatusCode::NO_CONTENT
            || status == StatusCode::NOT_MODIFIED
            || self == Self::Head
            || (self == Self::Connect && status.is_success())
    }
}

/// Returns the host, without the brackets of an IPv6 address, and the port of `user@host:port`.
pub(crate) fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    // A byte-wise search is faster for texts as short as an authority.
    let user = authority.bytes().rposition(|byte| byte == b'@');
    let authority = user.map_or(Some(authority), |at| authority.get(at + 1..))?;
    let (host, rest) = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?,
        None => {
            let port = authority.bytes().position(|byte| byte == b':');
            authority.split_at(port.unwrap_or(authority.len()))
        }
    };
    let port = rest.strip_prefix(':').and_then(port);
    (!host.is_empty()).then_some((host, port))
}

/// Parses a valid port: digits only, and not 0.
pub(crate) fn port(text: &str) -> Option<u16> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = is_number.then(|| text.parse().ok()).flatten();
    port.filter(|&port| port != 0)
}

/// Returns whether a byte is allowed in a host.
pub(crate) fn is_of_host(byte: u8) -> bool {
    !matches!(
        byte,
        0..=b' ' | b'"' | b',' | b'/' | b'?' | b'#' | b'@' | b'\\' | 0x7f
    )
}

/// Returns the host as recorded in telemetry: in lower case, without the trailing dot of a fully qualified
/// name.
pub(crate) fn host_label(host: &str) -> Cow<'_, str> {
    let host = host
        .strip_suffix('.')
        .filter(|host| !host.is_empty())
        .unwrap_or(host);
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(host.to_ascii_lowercase());
    }
    Cow::Borrowed(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_has_one_label() {
        let cases = [
            ("example.com", "example.com"),
            ("EXAMPLE.com", "example.com"),
            ("Example.COM.", "example.com"),
            ("example.com.", "example.com"),
            ("LOCALHOST", "localhost"),
            ("2001:DB8::A", "2001:db8::a"),
            ("127.0.0.1", "127.0.0.1"),
            ("M\u{dc}NCHEN.example", "m\u{dc}nchen.example"),
            (".", "."),
            ("", ""),
        ];
        for (host, expected) in cases {
            assert_eq!(host_label(host), expected, "{host:?}");
        }
    }

    #[test]
    fn event_streams() {
        let cases = [
            (Some("text/event-stream"), true),
            (Some("Text/Event-Stream; charset=utf-8"), true),
            (Some(" text/event-stream ;x"), true),
            (Some("text/event-streams"), false),
            (Some("text/plain; a=text/event-stream"), false),
            (Some("application/json"), false),
            (Some(""), false),
            (None, false),
        ];
        for (content_type, expected) in cases {
            let mut headers = HeaderMap::new();
            if let Some(content_type) = content_type {
                headers.insert(CONTENT_TYPE, content_type.parse().expect("a value"));
            }
            assert_eq!(is_event_stream(&headers), expected, "{content_type:?}");
        }
    }

    #[test]
    fn authorities() {
        let cases = [
            ("example.com", Some(("example.com", None))),
            ("example.com:8080", Some(("example.com", Some(8080)))),
            ("me:secret@example.com:1", Some(("example.com", Some(1)))),
            ("[::1]:443", Some(("::1", Some(443)))),
            ("[::1]", Some(("::1", None))),
            ("[::1", None),
            ("host:99999", Some(("host", None))),
            ("host:+80", Some(("host", None))),
            ("host:0", Some(("host", None))),
            (":80", None),
            ("", None),
        ];
        for (authority, expected) in cases {
            assert_eq!(host_and_port(authority), expected, "{authority:?}");
        }
    }

    #[test]
    fn some_responses_end_with_their_head() {
        let cases = [
            (Method::GET, 200, false),
            (Method::GET, 101, true),
            (Method::GET, 204, true),
            (Method::GET, 304, true),
            (Method::HEAD, 200, true),
            (Method::CONNECT, 200, true),
            (Method::CONNECT, 403, false),
        ];
        for (method, status, expected) in cases {
            let code = StatusCode::from_u16(status).expect("a status code");
            let ends = ResponseRule::for_method(&method).ends_with_head(code);
            assert_eq!(ends, expected, "{method} {status}");
        }
    }
}
