//! What HTTP itself says about an exchange.

use http::{Method, StatusCode, Version};

use crate::semconv;

/// The value of `network.protocol.version`, or `None` for a version that has no name yet.
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

/// The scheme, if it is one that telemetry may name.
pub(crate) fn scheme(scheme: &str) -> Option<&'static str> {
    [semconv::HTTP, semconv::HTTPS]
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(scheme))
}

/// What a request's method says of the body of its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseRule {
    /// There is none.
    Head,
    /// There is none if it succeeds: a tunnel follows.
    Connect,
    /// The status code decides.
    Other,
}

impl ResponseRule {
    pub(crate) fn of(method: &Method) -> Self {
        match *method {
            Method::HEAD => Self::Head,
            Method::CONNECT => Self::Connect,
            _ => Self::Other,
        }
    }

    /// Whether the response ends with its head, whatever body it is made with.
    ///
    /// The connection that follows a `101`, or a `CONNECT` that succeeded, is no part of the exchange.
    pub(crate) fn ends_with_head(self, status: StatusCode) -> bool {
        status.is_informational()
            || status == StatusCode::NO_CONTENT
            || status == StatusCode::NOT_MODIFIED
            || self == Self::Head
            || (self == Self::Connect && status.is_success())
    }
}

/// The host, without the brackets of an IPv6 address, and the port of `user@host:port`.
pub(crate) fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    // A search for a character prepares for more text than an authority has.
    let user = authority.bytes().rposition(|byte| byte == b'@');
    let authority = user.map_or(Some(authority), |at| authority.get(at + 1..))?;
    let (host, rest) = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?,
        None => {
            let port = authority.bytes().position(|byte| byte == b':');
            authority.split_at(port.unwrap_or(authority.len()))
        }
    };
    let port = rest.strip_prefix(':').and_then(|port| port.parse().ok());
    (!host.is_empty()).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let ends = ResponseRule::of(&method).ends_with_head(code);
            assert_eq!(ends, expected, "{method} {status}");
        }
    }
}
