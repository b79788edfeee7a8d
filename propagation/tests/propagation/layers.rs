//! The layers, over any service.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{self, Poll, Waker};

use http::{HeaderMap, Request, Response};
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use throughline_propagation::{
    ExtractLayer, Extracted, InContext, InjectLayer, Outgoing, TraceParent, Trust,
};
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::support::{TRACE, headers, lines, traceparent, w3c};

fn request(lines: &[(&'static str, String)]) -> Request<()> {
    let mut request = Request::get("http://svc.internal/").body(()).expect("a request");
    *request.headers_mut() = headers(lines);
    request
}

fn trace_id() -> String {
    Context::current().span().span_context().trace_id().to_string()
}

/// A service that extracts, and calls another host with what it has; the answer is what that host was sent.
async fn pass_through(extract: ExtractLayer, inject: InjectLayer, request: Request<()>) -> HeaderMap {
    let upstream = service_fn(|request: Request<()>| async move {
        let mut response = Response::new(());
        *response.headers_mut() = request.headers().clone();
        Ok::<_, Infallible>(response)
    });
    let client = inject.layer(upstream);
    let service = extract.layer(service_fn(move |_: Request<()>| {
        let client = client.clone();
        async move {
            tokio::task::yield_now().await;
            let request = Request::get("http://callee.internal/")
                .body(())
                .expect("a request");
            client.oneshot(request).await
        }
    }));
    let response = service.oneshot(request).await.expect("infallible");
    response.headers().clone()
}

#[tokio::test]
async fn a_trace_passes_through_without_an_sdk() {
    let sent = [
        ("traceparent", traceparent("02")),
        ("tracestate", "x@@y=9,a=1".to_owned()),
        ("baggage", "user=7".to_owned()),
    ];
    let extract = ExtractLayer::new().propagator(w3c());
    let inject = InjectLayer::new().propagator(w3c());
    let got = pass_through(extract.clone(), inject.clone(), request(&sent)).await;
    assert_eq!(lines(&got, "traceparent"), traceparent("02"), "as it came");
    assert_eq!(lines(&got, "tracestate"), "x@@y=9,a=1", "as it came");
    assert!(
        !got.contains_key("baggage"),
        "baggage goes to no host that was not named"
    );

    let named = inject
        .clone()
        .outgoing(Outgoing::new().baggage_to(["*.internal"]));
    let got = pass_through(extract.clone(), named, request(&sent)).await;
    assert_eq!(lines(&got, "baggage"), "user=7", "to one that was");

    let secret = inject
        .clone()
        .outgoing(Outgoing::new().trace_to(["elsewhere.internal"]));
    let got = pass_through(extract.clone(), secret, request(&sent)).await;
    assert!(
        got.is_empty(),
        "nothing for a host that is not on the list: {got:?}"
    );

    let got = pass_through(extract, inject, request(&[])).await;
    assert!(got.is_empty(), "nothing came, nothing goes: {got:?}");
}

#[tokio::test]
async fn a_trace_is_minted_only_where_none_came() {
    let inject = InjectLayer::new().propagator(w3c());
    let minting = ExtractLayer::new().propagator(w3c()).minting();
    let parent =
        |headers: &HeaderMap| -> TraceParent { lines(headers, "traceparent").parse().expect("valid") };

    let got = pass_through(minting.clone(), inject.clone(), request(&[])).await;
    assert_eq!(parent(&got).flags().to_u8(), 0x02, "random, not sampled");
    assert!(!got.contains_key("tracestate"), "no empty header");

    let got = pass_through(minting.clone().minting_sampled(), inject.clone(), request(&[])).await;
    assert_eq!(parent(&got).flags().to_u8(), 0x03, "random and sampled");

    let bad = request(&[
        ("traceparent", "nonsense".to_owned()),
        ("tracestate", "a=1".to_owned()),
    ]);
    let got = pass_through(minting.clone(), inject.clone(), bad).await;
    assert!(parent(&got).is_random(), "a bad one is none");
    assert!(!got.contains_key("tracestate"), "its tracestate is not looked at");

    let good = request(&[("traceparent", traceparent("01"))]);
    let got = pass_through(minting.clone(), inject.clone(), good).await;
    assert_eq!(
        lines(&got, "traceparent"),
        traceparent("01"),
        "one that came is kept"
    );

    let good = request(&[("traceparent", traceparent("01"))]);
    let got = pass_through(minting.trust(Trust::Never), inject, good).await;
    assert_ne!(
        parent(&got).trace_id().to_string(),
        TRACE,
        "one that is not believed is not"
    );
}

#[tokio::test]
async fn the_request_takes_the_context_along() {
    let handler = service_fn(|request: Request<()>| async move {
        let cx = request.extensions().get::<Context>().expect("the context");
        let link = request
            .extensions()
            .get::<Extracted>()
            .and_then(|extracted| extracted.link.clone());
        let link = link.map(|link| link.trace_id().to_string()).unwrap_or_default();
        Ok::<_, Infallible>(Response::new((
            cx.span().span_context().trace_id().to_string(),
            link,
        )))
    });
    let sent = || request(&[("traceparent", traceparent("01"))]);
    let believing = ExtractLayer::new().propagator(w3c());
    let response = believing
        .layer(handler)
        .oneshot(sent())
        .await
        .expect("infallible");
    assert_eq!(
        *response.body(),
        (TRACE.to_owned(), String::new()),
        "the context, no link"
    );
    let wary = believing.trust(Trust::Never);
    let response = wary.layer(handler).oneshot(sent()).await.expect("infallible");
    let (trace, link) = response.body();
    assert_ne!(*trace, TRACE, "not the caller's trace");
    assert_eq!(*link, TRACE, "the caller's span to link to");
}

/// Writes down the trace that is current when it is polled and when it is dropped.
struct Witness(Arc<Mutex<Vec<(&'static str, String)>>>, bool);

impl Witness {
    fn note(&self, what: &'static str) {
        self.0.lock().expect("not poisoned").push((what, trace_id()));
    }
}

impl Future for Witness {
    type Output = ();

    fn poll(self: std::pin::Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<()> {
        self.note("poll");
        if self.1 { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.note("drop");
    }
}

#[test]
fn the_context_is_current_in_call_in_poll_and_in_drop_and_nowhere_else() {
    for finishes in [true, false] {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let inner = Arc::clone(&seen);
        let mut service = ExtractLayer::new()
            .propagator(w3c())
            .layer(service_fn(move |_: Request<()>| {
                let witness = Witness(Arc::clone(&inner), finishes);
                witness.note("call");
                async move {
                    witness.await;
                    Ok::<_, Infallible>(Response::new(()))
                }
            }));
        let future = service.call(request(&[("traceparent", traceparent("01"))]));
        {
            let mut future = pin!(future);
            let mut cx = task::Context::from_waker(Waker::noop());
            assert_eq!(future.as_mut().poll(&mut cx).is_ready(), finishes, "polled once");
            assert_ne!(trace_id(), TRACE, "not outside");
        }
        let expected = ["call", "poll", "drop"].map(|what| (what, TRACE.to_owned()));
        assert_eq!(
            *seen.lock().expect("not poisoned"),
            expected,
            "finishes: {finishes}"
        );
    }
}

#[test]
fn a_future_that_is_never_polled_is_dropped_in_its_context() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let cx = w3c().extract(&headers(&[("traceparent", traceparent("01"))]), &Context::new());
    drop(InContext::start(cx.clone(), || Witness(Arc::clone(&seen), false)));
    assert_eq!(*seen.lock().expect("not poisoned"), [("drop", TRACE.to_owned())]);
    let mut done = pin!(InContext::start(cx, || std::future::ready(())));
    let mut task = task::Context::from_waker(Waker::noop());
    assert_eq!(done.as_mut().poll(&mut task), Poll::Ready(()), "ready");
    assert_eq!(
        done.as_mut().poll(&mut task),
        Poll::Pending,
        "and then nothing more, rather than a panic"
    );
}

#[tokio::test]
async fn errors_and_panics_pass_and_leave_the_context_outside_as_it_was() {
    let failing = service_fn(|_: Request<()>| async { Err::<Response<()>, _>("the error") });
    let layer = ExtractLayer::new().propagator(w3c());
    let sent = || request(&[("traceparent", traceparent("01"))]);
    let error = layer.layer(failing).oneshot(sent()).await.expect_err("an error");
    assert_eq!(error, "the error", "as it was");
    let panicking = layer.layer(service_fn(|_: Request<()>| async {
        assert_ne!(trace_id(), TRACE, "the panic");
        pending::<Result<Response<()>, Infallible>>().await
    }));
    let panic = tokio::spawn(panicking.oneshot(sent()))
        .await
        .expect_err("a panic");
    assert!(panic.is_panic(), "not swallowed");
    assert_ne!(trace_id(), TRACE, "the context is not left behind");
}

#[test]
fn the_application_may_attach_contexts_inside_a_predicate() {
    let trust = Trust::when(|_| {
        let _guard = Context::new().attach();
        true
    });
    let mut service = ExtractLayer::new()
        .propagator(w3c())
        .trust(trust)
        .layer(service_fn(|_: Request<()>| async {
            Ok::<_, Infallible>(Response::new(()))
        }));
    drop(service.call(request(&[])));
}

#[test]
fn injection_replaces_what_is_there_and_leaves_what_it_has_no_word_on() {
    let cx = w3c().extract(&headers(&[("traceparent", traceparent("01"))]), &Context::new());
    let stale = [
        (
            "traceparent",
            "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-00",
        ),
        ("tracestate", "stale=1"),
        ("baggage", "by=hand"),
    ];
    let mut headers = headers(&stale);
    w3c().inject(&cx, &mut headers);
    assert_eq!(lines(&headers, "traceparent"), traceparent("01"), "replaced");
    assert_eq!(lines(&headers, "tracestate"), "", "of another traceparent");
    assert_eq!(lines(&headers, "baggage"), "by=hand", "no baggage to write");
    let before = headers.clone();
    w3c().inject(&Context::new(), &mut headers);
    assert_eq!(headers, before, "no span, no word");
}

#[test]
fn a_full_header_map_goes_without_rather_than_panic() {
    let cx = w3c().extract(&headers(&[("traceparent", traceparent("01"))]), &Context::new());
    let mut headers = HeaderMap::new();
    let mut count = 0;
    let mut name = || {
        http::HeaderName::try_from(format!(
            "x-{count}",
            count = {
                count += 1;
                count
            }
        ))
    };
    while headers
        .try_insert(name().expect("a name"), http::HeaderValue::from_static("x"))
        .is_ok()
    {}
    let before = headers.len();
    w3c().inject(&cx, &mut headers);
    assert_eq!(headers.len(), before, "as it was");
}
