//! The content types of gRPC.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// How the messages of a call are framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// gRPC over HTTP/2, with the status in trailers.
    Http2,
    /// gRPC-Web, with the status at the end of the body.
    Web,
    /// gRPC-Web in Base64.
    WebText,
}

/// Returns the framing of a request or a response, if its content type is one of gRPC:
/// `application/grpc[-web[-text]][+format]`.
pub(crate) fn framing(headers: &HeaderMap) -> Option<Framing> {
    let value = headers.get(CONTENT_TYPE)?.as_bytes();
    let (start, rest) = value.split_at_checked(GRPC.len())?;
    if !start.eq_ignore_ascii_case(GRPC) {
        return None;
    }
    match rest.first() {
        None | Some(b'+' | b';' | b' ') => Some(Framing::Http2),
        Some(b'-') => Some(match rest.get(..WEB_TEXT.len()) {
            Some(text) if text.eq_ignore_ascii_case(WEB_TEXT) => Framing::WebText,
            _ => Framing::Web,
        }),
        Some(_) => None,
    }
}

const GRPC: &[u8] = b"application/grpc";
const WEB_TEXT: &[u8] = b"-web-text";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types() {
        let cases = [
            ("application/grpc", Some(Framing::Http2)),
            ("application/grpc+proto", Some(Framing::Http2)),
            ("APPLICATION/GRPC;x=y", Some(Framing::Http2)),
            ("application/grpc-web", Some(Framing::Web)),
            ("application/grpc-web+proto", Some(Framing::Web)),
            ("application/grpc-web-text+proto", Some(Framing::WebText)),
            ("application/grpc-Web-Text", Some(Framing::WebText)),
            ("application/grpcx", None),
            ("application/gr", None),
            ("application/json", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, text.parse().expect("a value"));
            assert_eq!(framing(&headers), expected, "{text:?}");
        }
        assert_eq!(framing(&HeaderMap::new()), None, "no content type");
    }
}
