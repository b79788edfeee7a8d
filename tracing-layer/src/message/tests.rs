//! What `http` and reqwest have in common, and what only reqwest has.

use bytes::Bytes;
use http::Request;
use http_body_util::{Full, Limited};

use super::{HttpRequest, WrapBody};

type Text = Full<Bytes>;

struct Limits;

impl WrapBody for Limits {
    type Body<B: http_body::Body> = Limited<B>;
}

fn request(uri: &str, host: Option<&str>) -> Request<Text> {
    let mut request = Request::post(uri);
    if let Some(host) = host {
        request = request.header("host", host);
    }
    request.body(Text::default()).expect("a request")
}

#[test]
fn urls() {
    type Parts<'a> = (Option<&'a str>, Option<u16>, Option<u16>);
    let cases: [(&str, Option<&str>, Parts<'_>); 10] = [
        (
            "https://example.com/p?q",
            None,
            (Some("example.com"), None, Some(443)),
        ),
        (
            "http://example.com:8080/p?q",
            None,
            (Some("example.com"), Some(8080), Some(8080)),
        ),
        (
            "http://[::1]:11434/p?q",
            None,
            (Some("::1"), Some(11434), Some(11434)),
        ),
        ("http://[::1]/p?q", None, (Some("::1"), None, Some(80))),
        (
            "https://u:secret@example.com/p?q",
            None,
            (Some("example.com"), None, Some(443)),
        ),
        (
            "https://example.com/p?q",
            Some("other"),
            (Some("example.com"), None, Some(443)),
        ),
        (
            "/p?q",
            Some("example.com:8080"),
            (Some("example.com"), Some(8080), Some(8080)),
        ),
        ("/p?q", Some("[::1]:8080"), (Some("::1"), Some(8080), Some(8080))),
        ("/p?q", Some("example.com"), (Some("example.com"), None, None)),
        ("/p?q", None, (None, None, None)),
    ];
    for (uri, host, expected) in cases {
        let request = request(uri, host);
        check(uri, &request, expected);
        #[cfg(feature = "reqwest")]
        if uri.starts_with("http") {
            let url = reqwest::Url::parse(uri).expect("a URL");
            check(uri, &reqwest::Request::new(http::Method::POST, url), expected);
        }
    }

    fn check<R: HttpRequest>(uri: &str, request: &R, expected: Parts<'_>) {
        let url = request.url();
        let parts = (url.host(), url.port(), url.port_or_known_default());
        assert_eq!(parts, expected, "host, port and port with default of {uri}");
        assert_eq!(
            (url.path(), url.query()),
            ("/p", Some("q")),
            "path and query of {uri}"
        );
        let shown = format!("{url:?}");
        assert!(!shown.contains("secret"), "no user info: {shown}");
    }
}

#[test]
fn a_body_in_memory_corrects_the_length() {
    let mut request = request("http://a/", None);
    request.headers_mut().insert("content-length", 99.into());
    let (parts, _) = request.into_parts();
    let wrap = |bytes| Limited::new(Text::new(bytes), 1024);
    let request = <Request<Text> as HttpRequest<Limits>>::from_bytes(parts, Bytes::from("abc"), wrap);
    assert_eq!(request.headers()["content-length"], "3", "the corrected length");
    let without = Request::new(Text::default()).into_parts().0;
    let request = <Request<Text> as HttpRequest<Limits>>::from_bytes(without, Bytes::from("abc"), wrap);
    assert!(request.headers().is_empty(), "no length is added");
}

#[cfg(feature = "reqwest")]
mod reqwest_types {
    use http::Method;
    use reqwest::{Body, Request, Response, ResponseBuilderExt, Url};
    use throughline_test_support::{Script, ScriptedBody};

    use super::{Bytes, HttpRequest, Limited, Limits};
    use crate::message::HttpResponse;

    const URL: &str = "https://example.com/p?q";

    fn request(body: Option<Body>) -> Request {
        let mut request = Request::new(Method::POST, Url::parse(URL).expect("a URL"));
        *request.body_mut() = body;
        request
    }

    fn streamed() -> Body {
        Body::wrap(ScriptedBody::new([Script::Data("abc")]))
    }

    #[test]
    fn bytes_of_bodies_in_memory() {
        let cases = [
            ("none", None, Some("")),
            ("empty", Some(Body::from("")), Some("")),
            ("in memory", Some(Body::from("abc")), Some("abc")),
            ("streamed", Some(streamed()), None),
        ];
        for (name, body, expected) in cases {
            let mut request = request(body);
            let bytes = HttpRequest::<()>::bytes(&request).map(<[u8]>::to_vec);
            assert_eq!(bytes.as_deref(), expected.map(str::as_bytes), "{name}: in place");
            let shared = HttpRequest::<()>::shared_bytes(&mut request);
            assert_eq!(shared.as_deref(), expected.map(str::as_bytes), "{name}: shared");
            let again = HttpRequest::<()>::bytes(&request).map(<[u8]>::to_vec);
            assert_eq!(
                again.as_deref(),
                expected.map(str::as_bytes),
                "{name}: the body stays"
            );
        }
    }

    #[test]
    fn a_body_in_memory_can_be_sent_again() {
        let mut streaming = request(Some(streamed()));
        streaming.headers_mut().insert("content-length", 99.into());
        assert!(streaming.try_clone().is_none(), "a stream cannot");
        let (parts, _) = HttpRequest::<Limits>::into_parts(streaming);
        let in_memory =
            <Request as HttpRequest<Limits>>::from_bytes(parts, Bytes::from("abc"), |_| unreachable!());
        assert!(in_memory.try_clone().is_some(), "a body in memory can");
        assert_eq!(in_memory.headers()["content-length"], "3", "the corrected length");
    }

    #[test]
    fn responses_keep_their_url() {
        let from_http = || {
            let url = Url::parse(URL).expect("a URL");
            let response = http::Response::builder().url(url).header("a", "b");
            Response::from(response.body("abc").expect("a response"))
        };
        let wrapped = |response| HttpResponse::<Limits>::map_body(response, |body| Limited::new(body, 1024));
        let refused = || {
            let mut response = http::Response::new(Bytes::from("refused"));
            *response.extensions_mut() = HttpRequest::<()>::response_extensions(&request(None));
            <Response as HttpResponse<Limits>>::from_bytes(response, |_| unreachable!())
        };
        let cases = [
            ("wrapped", wrapped(from_http())),
            ("wrapped twice", wrapped(wrapped(from_http()))),
            (
                "unchanged",
                HttpResponse::<Limits>::unchanged(from_http(), |_| unreachable!()),
            ),
            ("refused", refused()),
        ];
        for (name, response) in cases {
            assert_eq!(response.url().as_str(), URL, "{name}: the URL");
            let server = HttpResponse::<()>::head(&response).server;
            assert_eq!(server, Some(("example.com", Some(443))), "{name}: host and port");
        }
        let without = Response::from(http::Response::new("abc"));
        assert_eq!(
            HttpResponse::<()>::head(&without).server,
            None,
            "a placeholder is no server"
        );
    }
}
