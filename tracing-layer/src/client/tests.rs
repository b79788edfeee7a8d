//! What a sent request leaves: its span, its metrics, and its headers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::{future, io};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Full};
use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::noop::NoopTracerProvider;
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer, TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use throughline_propagation::{Outgoing, W3cPropagator};
use throughline_test_support::Recorder;
use tower::{Layer, ServiceExt, service_fn};

use super::{Attempts, AttemptsLayer, UrlTemplate};
use crate::{ClientLayer, EndAt};

fn layer(recorder: &Recorder) -> ClientLayer {
    ClientLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
        .with_body_sizes(true)
        .with_propagator(W3cPropagator::new())
}

fn request(uri: &str) -> Request<Empty<Bytes>> {
    Request::builder().uri(uri).body(Empty::new()).expect("a request")
}

#[tokio::test]
async fn one_span_and_its_context_on_the_wire() {
    let recorder = Recorder::new();
    let service = layer(&recorder).layer(service_fn(|request: Request<Empty<Bytes>>| async move {
        let sent = request.headers().get("traceparent").cloned();
        let current = Context::current().span().span_context().span_id().to_string();
        let sent = sent.expect("a traceparent").to_str().expect("text").to_owned();
        assert!(sent.contains(&current), "the client span's id goes out: {sent}");
        let mut response = Response::new(Full::new(Bytes::from_static(b"no")));
        *response.status_mut() = StatusCode::NOT_FOUND;
        Ok::<_, io::Error>(response)
    }));
    let parent = recorder.tracer_provider().tracer("test").start("parent");
    let _parent = Context::new().with_span(parent).attach();
    let response = service
        .oneshot(request("https://me:pw@example.com/a?sig=x"))
        .await
        .expect("sent");
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    assert_eq!(body, "no", "the body passes");
    drop(_parent);
    let expected = "Internal parent
  Client GET [error]
    - error.type=\"404\"
    - http.request.method=\"GET\"
    - http.response.status_code=404
    - network.protocol.version=\"1.1\"
    - server.address=\"example.com\"
    - server.port=443
    - url.full=\"https://REDACTED:REDACTED@example.com/a?sig=REDACTED\"
";
    assert_eq!(recorder.tree(&[]), expected, "the spans");
}

#[tokio::test]
async fn nothing_while_telemetry_is_suppressed() {
    let recorder = Recorder::new();
    let service = layer(&recorder).layer(service_fn(|request: Request<Empty<Bytes>>| async move {
        assert!(request.headers().is_empty(), "no header is added");
        Ok::<_, io::Error>(Response::new(Empty::<Bytes>::new()))
    }));
    let _suppressed = Context::enter_telemetry_suppressed_scope();
    service
        .oneshot(request("http://collector/v1/traces"))
        .await
        .expect("sent");
    assert_eq!(recorder.spans().len(), 0, "no span");
    assert_eq!(recorder.metrics(), Vec::<String>::new(), "no metrics");
}

fn attribute(recorder: &Recorder, key: &str) -> Vec<Option<String>> {
    let find = |span: opentelemetry_sdk::trace::SpanData| {
        let found = span
            .attributes
            .iter()
            .find(|attribute| attribute.key.as_str() == key);
        found.map(|attribute| attribute.value.to_string())
    };
    recorder.spans().into_iter().map(find).collect()
}

fn ok() -> Result<Response<Full<Bytes>>, io::Error> {
    Ok(Response::new(Full::new(Bytes::from_static(b"hello"))))
}

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
    // Method, URL, and what the span says of it.
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
async fn a_span_is_told_of_its_attempts() {
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
        let told = cx.with_value(Attempts::new().with_events_on(cx.clone()));
        let _attached = told.attach();
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

#[tokio::test]
async fn a_template_names_the_span() {
    let recorder = Recorder::new();
    let client = layer(&recorder).layer(service_fn(|_| async { ok() }));
    let mut by_extension = request("http://a/users/7");
    by_extension
        .extensions_mut()
        .insert(UrlTemplate("/users/{id}".into()));
    client.clone().oneshot(by_extension).await.expect("sent");
    let context = Context::new().with_value(UrlTemplate("/by/{context}".into()));
    let _attached = context.attach();
    client.oneshot(request("http://a/by/1")).await.expect("sent");
    let names: Vec<_> = recorder
        .spans()
        .into_iter()
        .map(|span| span.name.into_owned())
        .collect();
    assert_eq!(names, ["GET /users/{id}", "GET /by/{context}"], "span names");
    let metrics = recorder.metrics().join("\n");
    assert!(
        metrics.contains("url.template=/users/{id}"),
        "on metrics too:\n{metrics}"
    );
}

#[tokio::test]
async fn a_caller_that_leaves_is_no_error() {
    let recorder = Recorder::new();
    let client = layer(&recorder).layer(service_fn(|_: Request<Empty<Bytes>>| {
        future::pending::<Result<Response<Full<Bytes>>, io::Error>>()
    }));
    drop(client.oneshot(request("http://a/")).now_or_never());
    let tree = recorder.tree(&[]);
    assert!(tree.starts_with("Client GET\n"), "unset, and ended:\n{tree}");
    assert!(!tree.contains("error.type"), "no class of error:\n{tree}");
    assert_eq!(
        recorder.metrics().len(),
        2,
        "the duration and the request's size are measured"
    );
}

#[tokio::test]
async fn an_error_of_the_transport_is_classed() {
    let recorder = Recorder::new();
    let refused = || {
        future::ready(Err::<Response<Full<Bytes>>, _>(io::Error::from(
            io::ErrorKind::ConnectionRefused,
        )))
    };
    let client = layer(&recorder).layer(service_fn(move |_: Request<Empty<Bytes>>| refused()));
    client.oneshot(request("http://a/")).await.expect_err("refused");
    assert_eq!(
        attribute(&recorder, "error.type"),
        [Some("connection_refused".to_owned())],
        "its kind"
    );
}

#[tokio::test]
async fn baggage_goes_only_to_hosts_that_were_named() {
    let outgoing = Outgoing::new().baggage_to(["*.internal"]);
    let cases = [("http://a.internal:1/", true), ("http://example.com/", false)];
    for (uri, expected) in cases {
        let recorder = Recorder::new();
        let layer = layer(&recorder)
            .with_propagator(W3cPropagator::new())
            .with_outgoing(outgoing.clone());
        let client = layer.layer(service_fn(move |request: Request<Empty<Bytes>>| async move {
            assert!(
                request.headers().contains_key("traceparent"),
                "{uri}: trace context"
            );
            assert_eq!(
                request.headers().contains_key("baggage"),
                expected,
                "{uri}: baggage"
            );
            ok()
        }));
        let _baggage = Context::new().with_baggage([KeyValue::new("user", "7")]).attach();
        client.oneshot(request(uri)).await.expect("sent");
    }
}

#[tokio::test]
async fn a_trace_passes_also_where_nothing_records() {
    let client = ClientLayer::new()
        .with_tracer_provider(NoopTracerProvider::new())
        .with_propagator(W3cPropagator::new());
    let client = client.layer(service_fn(|request: Request<Empty<Bytes>>| async move {
        let sent = request.headers().get("traceparent").cloned();
        let expected = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(sent.expect("a traceparent"), expected, "as it came");
        ok()
    }));
    let remote = SpanContext::new(
        TraceId::from_hex("0af7651916cd43dd8448eb211c80319c").expect("an id"),
        SpanId::from_hex("b7ad6b7169203331").expect("an id"),
        TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    );
    let _remote = Context::new().with_remote_span_context(remote).attach();
    client.oneshot(request("http://a/")).await.expect("sent");
}

#[tokio::test]
async fn until_the_body_has_ended_if_asked() {
    let recorder = Recorder::new();
    let layer = layer(&recorder).with_end_at(EndAt::Body);
    let client = layer.layer(service_fn(|_: Request<Empty<Bytes>>| async { ok() }));
    let response = client.oneshot(request("http://a/")).await.expect("sent");
    assert_eq!(recorder.spans().len(), 0, "the body is on its way");
    response.into_body().collect().await.expect("a body");
    assert_eq!(recorder.spans().len(), 1, "ended with the body");
    let body = recorder
        .metrics()
        .into_iter()
        .filter(|line| line.contains("response.body"))
        .count();
    assert_eq!(body, 1, "and measured");
}
