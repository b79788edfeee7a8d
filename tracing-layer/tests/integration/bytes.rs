//! Any bytes in any header: never a panic, never a failed request.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request, StatusCode};
use axum::routing::any;
use futures_util::FutureExt;
use proptest::prelude::*;
use throughline_test_support::Recorder;
use tower::{Layer, ServiceExt, service_fn};

use crate::{client, server};

const NAMES: [&str; 14] = [
    "host",
    "user-agent",
    "traceparent",
    "tracestate",
    "baggage",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "content-length",
    "transfer-encoding",
    "x-captured",
    "cookie",
    "accept",
];

fn header() -> impl Strategy<Value = (HeaderName, HeaderValue)> {
    let byte = prop_oneof![Just(b'\t'), 0x20..=0x7e_u8, 0x80..=0xff_u8];
    let any = prop::collection::vec(byte, 0..200);
    let shaped = "[-0-9a-f:;,=\"\\[\\]%@. ]{0,80}".prop_map(String::into_bytes);
    let value = prop_oneof![any, shaped];
    (prop::sample::select(NAMES.to_vec()), value).prop_filter_map("a header value", |(name, value)| {
        Some((
            HeaderName::from_static(name),
            HeaderValue::from_bytes(&value).ok()?,
        ))
    })
}

proptest! {
    #[test]
    fn headers(headers in prop::collection::vec(header(), 0..12), path in "/[a-z0-9%=&?.;-]{0,40}", method in "[A-Za-z]{1,9}") {
        let recorder = Recorder::new();
        let inner = client(&recorder).layer(service_fn(|request: Request<Body>| async move {
            Ok::<_, std::convert::Infallible>(axum::response::Response::new(request.into_body()))
        }));
        let router = Router::new()
            .fallback_service(any(move |request: Request<Body>| inner.clone().oneshot(request)))
            .layer(server(&recorder).with_request_headers(["x-captured", "cookie"]));
        let mut request = Request::builder().method(method.as_str()).uri(path.as_str()).body(Body::empty()).expect("a request");
        request.headers_mut().extend(headers);
        let response = router.oneshot(request).now_or_never().expect("at once").expect("infallible");
        prop_assert_eq!(response.status(), StatusCode::OK);
        drop(response);
        prop_assert_eq!(recorder.spans().len(), 2);
        let shown = recorder.tree(&[]);
        prop_assert!(!shown.contains("header.cookie"), "a secret in\n{}", shown);
    }
}
