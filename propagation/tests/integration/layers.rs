//! The layers, over any service.

use std::convert::Infallible;

use http::{HeaderMap, Request, Response};
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use throughline_propagation::{ExtractLayer, Extracted, InjectLayer, Outgoing, TraceParent, Trust};
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::support::{TRACE, headers, lines, request, traceparent, w3c};

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
    let extract = ExtractLayer::new().with_propagator(w3c());
    let inject = InjectLayer::new().with_propagator(w3c());
    let got = pass_through(extract.clone(), inject.clone(), request(&sent)).await;
    assert_eq!(lines(&got, "traceparent"), traceparent("02"), "unchanged");
    assert_eq!(lines(&got, "tracestate"), "x@@y=9,a=1", "unchanged");
    assert!(
        !got.contains_key("baggage"),
        "baggage goes to no host that was not named"
    );

    let named = inject
        .clone()
        .with_outgoing(Outgoing::new().with_baggage_to(["*.internal"]));
    let got = pass_through(extract.clone(), named, request(&sent)).await;
    assert_eq!(lines(&got, "baggage"), "user=7", "to one that was");

    let secret = inject
        .clone()
        .with_outgoing(Outgoing::new().with_trace_to(["elsewhere.internal"]));
    let got = pass_through(extract.clone(), secret, request(&sent)).await;
    assert!(
        got.is_empty(),
        "nothing for a host that is not on the list: {got:?}"
    );

    let got = pass_through(extract, inject, request(&[])).await;
    assert!(got.is_empty(), "nothing came, nothing goes: {got:?}");
}

/// reqwest may follow a redirect and take the headers along.
#[tokio::test]
async fn a_client_of_reqwest_gets_what_every_host_may_see() {
    fn is_client<S: Service<reqwest::Request>>(_: S) {}
    is_client(InjectLayer::new().layer(reqwest::Client::new()));

    let upstream =
        service_fn(|request: reqwest::Request| async move { Ok::<_, Infallible>(request.headers().clone()) });
    let sent = headers(&[
        ("traceparent", traceparent("01")),
        ("baggage", "user=7".to_owned()),
    ]);
    let cx = w3c().extract(&sent, &Context::new());
    let named = Outgoing::new().with_baggage_to(["callee.internal"]);
    let cases = [
        ("by default", Outgoing::new(), false),
        ("named", named.clone(), false),
        (
            "named, without redirects",
            named.with_trusted_redirects(true),
            true,
        ),
    ];
    for (name, outgoing, has_baggage) in cases {
        let client = InjectLayer::new().with_propagator(w3c()).with_outgoing(outgoing);
        let url = "http://callee.internal/".parse().expect("a URL");
        let request = reqwest::Request::new(reqwest::Method::GET, url);
        let _attached = cx.clone().attach();
        let written = client.layer(upstream).oneshot(request).await.expect("infallible");
        assert_eq!(lines(&written, "traceparent"), traceparent("01"), "{name}");
        assert_eq!(written.contains_key("baggage"), has_baggage, "{name}: baggage");
    }
}

#[tokio::test]
async fn a_trace_is_minted_only_where_none_came() {
    let inject = InjectLayer::new().with_propagator(w3c());
    let minting = ExtractLayer::new().with_propagator(w3c()).with_minting();
    let parent =
        |headers: &HeaderMap| -> TraceParent { lines(headers, "traceparent").parse().expect("valid") };

    let got = pass_through(minting.clone(), inject.clone(), request(&[])).await;
    assert_eq!(parent(&got).flags().to_u8(), 0x02, "random, not sampled");
    assert!(!got.contains_key("tracestate"), "no empty header");

    let got = pass_through(
        minting.clone().with_sampled_minting(),
        inject.clone(),
        request(&[]),
    )
    .await;
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
    let got = pass_through(minting.with_trust(Trust::Never), inject, good).await;
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
    let believing = ExtractLayer::new().with_propagator(w3c());
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
    let wary = believing.with_trust(Trust::Never);
    let response = wary.layer(handler).oneshot(sent()).await.expect("infallible");
    let (trace, link) = response.body();
    assert_ne!(*trace, TRACE, "not the caller's trace");
    assert_eq!(*link, TRACE, "the caller's span to link to");
}

#[test]
fn the_application_may_attach_contexts_inside_a_predicate() {
    let trust = Trust::when(|_| {
        let _guard = Context::new().attach();
        true
    });
    let mut service = ExtractLayer::new()
        .with_propagator(w3c())
        .with_trust(trust)
        .layer(service_fn(|_: Request<()>| async {
            Ok::<_, Infallible>(Response::new(()))
        }));
    drop(service.call(request(&[])));
}
