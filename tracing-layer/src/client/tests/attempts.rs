//! The attempts of a request.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::{future, io};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{Empty, Full};
use opentelemetry::Context;
use opentelemetry::trace::{TraceContextExt, Tracer, TracerProvider};
use throughline_test_support::Recorder;
use tower::{Layer, ServiceExt, service_fn};

use super::{attribute, layer, ok, request};
use crate::client::{Attempts, AttemptsLayer};

#[tokio::test]
async fn each_attempt_is_a_span_and_says_which() {
    let recorder = Recorder::new();
    let client = layer(&recorder).layer(service_fn(|_| async { ok() }));
    let thrice = service_fn(move |uri: &'static str| {
        let client = client.clone();
        async move {
            for _ in 0..3 {
                client.clone().oneshot(request(uri)).await?;
            }
            Ok::<_, io::Error>(())
        }
    });
    AttemptsLayer::new()
        .layer(thrice)
        .oneshot("http://a/b")
        .await
        .expect("sent");
    let expected = [None, Some("1".to_owned()), Some("2".to_owned())];
    assert_eq!(
        attribute(&recorder, "http.request.resend_count"),
        expected,
        "by context"
    );

    let recorder = Recorder::new();
    let client = layer(&recorder).layer(service_fn(|_| async { ok() }));
    let mut first = request("http://a/b");
    first.extensions_mut().insert(Attempts::new());
    for attempt in [first.clone(), first] {
        client.clone().oneshot(attempt).await.expect("sent");
    }
    let expected = [None, Some("1".to_owned())];
    assert_eq!(
        attribute(&recorder, "http.request.resend_count"),
        expected,
        "by extension"
    );
}

#[tokio::test]
async fn a_call_between_two_attempts_is_none() {
    let recorder = Recorder::new();
    let client = layer(&recorder).layer(service_fn(|request: Request<Empty<Bytes>>| async move {
        let mut response = ok()?;
        *response.status_mut() = match request.uri().path() {
            "/moved" => StatusCode::FOUND,
            "/flaky" => StatusCode::SERVICE_UNAVAILABLE,
            "/cached" => StatusCode::NOT_MODIFIED,
            _ => StatusCode::OK,
        };
        Ok::<_, io::Error>(response)
    }));
    // Method, URL, and the recorded number.
    let cases: [&[(&str, &str, Option<i64>)]; 3] = [
        &[
            ("GET", "http://a/flaky", None),
            ("GET", "http://login/token", None),
            ("POST", "http://a/flaky", None),
            ("GET", "http://a/flaky?other", None),
            ("GET", "http://a/flaky", Some(1)),
        ],
        &[
            ("GET", "http://a/moved", None),
            ("GET", "http://b/flaky", Some(1)),
            ("GET", "http://b/flaky", Some(2)),
            ("GET", "http://login/token", None),
            ("GET", "http://a/moved", Some(3)),
            ("GET", "http://c/", Some(4)),
        ],
        &[("GET", "http://a/cached", None), ("GET", "http://b/", None)],
    ];
    for case in cases {
        let attempts = Attempts::new();
        for (method, uri, expected) in case {
            let mut request = request(uri);
            *request.method_mut() = method.parse().expect("a method");
            request.extensions_mut().insert(attempts.clone());
            client.clone().oneshot(request).await.expect("sent");
            let seen = attribute(&recorder, "http.request.resend_count").pop().flatten();
            let expected = expected.map(|expected| expected.to_string());
            assert_eq!(seen, expected, "{method} {uri} in {case:?}");
        }
        let resent = case.iter().filter_map(|(_, _, resent)| *resent).max();
        assert_eq!(i64::from(attempts.resent()), resent.unwrap_or(0), "{case:?}");
    }
}

#[tokio::test]
async fn a_request_elsewhere_is_an_attempt_where_the_caller_says_so() {
    let recorder = Recorder::new();
    let client = layer(&recorder).layer(service_fn(|_: Request<Empty<Bytes>>| async { ok() }));
    let attempts = Attempts::new().with_others(|attempt| match attempt.path() {
        "/broken" => panic!("on purpose"),
        path => path == "/ask",
    });
    let cases = [
        ("http://a/ask", None),
        ("http://login/token", None),
        ("http://b/ask", Some("1")),
        ("http://c/broken", None),
        ("http://a/ask", Some("2")),
    ];
    for (uri, expected) in cases {
        let mut request = request(uri);
        request.extensions_mut().insert(attempts.clone());
        client.clone().oneshot(request).await.expect("sent");
        let seen = attribute(&recorder, "http.request.resend_count").pop().flatten();
        assert_eq!(seen.as_deref(), expected, "{uri}");
    }
}

#[tokio::test]
async fn an_attempt_is_one_however_many_layers_see_it() {
    let recorder = Recorder::new();
    let twice = (layer(&recorder), layer(&recorder));
    let client = twice.layer(service_fn(|_: Request<Empty<Bytes>>| async { ok() }));
    let attempts = Attempts::new();
    for expected in [0, 1] {
        let mut request = request("http://a/");
        request.extensions_mut().insert(attempts.clone());
        client.clone().oneshot(request).await.expect("sent");
        assert_eq!(attempts.resent(), expected, "sent again");
    }
}

#[tokio::test]
async fn a_span_gets_events_of_its_attempts() {
    let recorder = Recorder::new();
    let statuses = Arc::new(AtomicU16::new(502));
    let client = layer(&recorder).layer(service_fn(move |_: Request<Empty<Bytes>>| {
        let status = statuses.fetch_add(1, Ordering::Relaxed);
        future::ready(match status {
            503 => Err(io::Error::from(io::ErrorKind::ConnectionReset)),
            504 => ok(),
            _ => Response::builder()
                .status(status)
                .body(Full::default())
                .map_err(io::Error::other),
        })
    }));
    let span = recorder.tracer_provider().tracer("test").start("logical");
    let cx = Context::new().with_span(span);
    {
        let with_events = cx.with_value(Attempts::new().with_events_on(cx.clone()));
        let _attached = with_events.attach();
        for _ in 0..3 {
            let _ = client.clone().oneshot(request("http://a/")).await;
        }
        let _ = client.oneshot(request("http://another/")).await;
    }
    drop(cx);
    let masked = ["throughline.attempt.duration"];
    let tree = recorder.tree(&masked);
    let events: Vec<_> = tree.lines().filter(|line| line.contains('!')).collect();
    let expected = [
        "  ! throughline.attempt error.type=\"502\" http.response.status_code=502 throughline.attempt.duration=_ throughline.attempt.number=1",
        "  ! throughline.attempt error.type=\"connection_reset\" throughline.attempt.duration=_ throughline.attempt.number=2",
        "  ! throughline.attempt http.response.status_code=200 throughline.attempt.duration=_ throughline.attempt.number=3",
    ];
    assert_eq!(events, expected, "one each:\n{tree}");
}
