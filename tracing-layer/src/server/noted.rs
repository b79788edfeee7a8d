//! The headers that the layer reads of every request.

use http::{HeaderMap, HeaderValue};
use throughline_propagation::carrier::TraceHeaders;

/// The headers that the layer reads of every request, found in one pass. A lookup of each would hash its name,
/// and most requests lack most of them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct NotedHeaders<'a> {
    pub(super) trace: TraceHeaders<'a>,
    /// The first line of `Host`.
    pub(super) host: Option<&'a HeaderValue>,
    /// The first line of `User-Agent`.
    pub(super) user_agent: Option<&'a HeaderValue>,
    /// Whether any header is from a proxy.
    pub(super) is_forwarded: bool,
}

impl<'a> NotedHeaders<'a> {
    pub(super) fn new(headers: &'a HeaderMap) -> Self {
        let mut noted = Self::default();
        for (name, line) in headers {
            let name = name.as_str();
            // By length first, so that most names are compared with nothing. Those of a trace context have 7,
            // 10 and 11 bytes.
            match name.len() {
                4 if name == "host" => noted.host = noted.host.or(Some(line)),
                9 if name == "forwarded" => noted.is_forwarded = true,
                10 if name == "user-agent" => noted.user_agent = noted.user_agent.or(Some(line)),
                7 | 10 | 11 => noted.trace.note(name, line),
                13.. if name.starts_with("x-forwarded-") => noted.is_forwarded = true,
                _ => {}
            }
        }
        noted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_each_is_noted() {
        let cases: [(&[(&str, &str)], _); 6] = [
            (&[], (None, None, false)),
            (&[("accept", "*/*"), ("x-request-id", "1")], (None, None, false)),
            (
                &[
                    ("user-agent", "a"),
                    ("host", "h"),
                    ("user-agent", "b"),
                    ("host", "i"),
                ],
                (Some("h"), Some("a"), false),
            ),
            (&[("Forwarded", "for=1.1.1.1")], (None, None, true)),
            (&[("X-Forwarded-Port", "1")], (None, None, true)),
            (&[("x-forwarded", "1")], (None, None, false)),
        ];
        for (lines, expected) in cases {
            let mut headers = HeaderMap::new();
            for (name, line) in lines {
                let name: http::HeaderName = name.parse().expect("a name");
                headers.append(name, line.parse().expect("a value"));
            }
            let noted = NotedHeaders::new(&headers);
            let text = |line: Option<&'static str>| line.map(HeaderValue::from_static);
            let (host, agent, is_forwarded) = expected;
            assert_eq!(noted.host, text(host).as_ref(), "{lines:?}: host");
            assert_eq!(noted.user_agent, text(agent).as_ref(), "{lines:?}: user agent");
            assert_eq!(noted.is_forwarded, is_forwarded, "{lines:?}: forwarded");
        }
    }
}
