//! No public type prints a secret that it was given.

use std::fmt::Debug;

use http::{HeaderMap, Request};
use opentelemetry::Context;
use throughline_propagation::carrier::{Headers, HeadersMut, Map, MapMut};
use throughline_propagation::{
    Extract, ExtractLayer, InContext, Inject, InjectLayer, Outgoing, Propagator, RequestHead, TraceParent,
    TraceState, Trust, W3cPropagator,
};
use tower::Layer;

const SECRET: &str = "S3cr3tV4lue";

fn hides(of: &str, value: &impl Debug) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!text.contains(SECRET), "{of} prints the secret: {text}");
    }
}

/// A request with a secret wherever there may be one.
fn request() -> Request<()> {
    Request::get(format!("http://user:{SECRET}@h.test/p?key={SECRET}"))
        .header("authorization", format!("Bearer {SECRET}"))
        .header("cookie", format!("id={SECRET}"))
        .header("baggage", format!("user={SECRET}"))
        .header("x-anything", SECRET)
        .body(())
        .expect("a request")
}

#[test]
fn public_types_hide_what_requests_say() {
    let request = request();
    let mut headers: HeaderMap = request.headers().clone();
    let head = RequestHead::new(&request);
    hides("RequestHead", &head);
    assert!(
        format!("{head:?}").contains("x-anything"),
        "names of headers are shown: {head:?}"
    );
    hides("Headers", &Headers::new(&headers));
    hides("HeadersMut", &HeadersMut::new(&mut headers));
    let propagator = Propagator::from(W3cPropagator::new());
    for trust in [Trust::Always, Trust::Never, Trust::when(|_| true)] {
        hides("Trust", &trust);
        let extracted = propagator.extract_trusting(&trust, &head, &Context::new());
        hides("Extracted", &extracted);
        hides(
            "InContext",
            &InContext::start(extracted.context, || std::future::ready(())),
        );
    }
    hides("Propagator", &propagator);
    hides("Outgoing", &Outgoing::new());
    let extract: Extract<()> = ExtractLayer::new().layer(());
    let inject: Inject<()> = InjectLayer::new().layer(());
    hides("Extract", &extract);
    hides("Inject", &inject);
    let mut map = vec![("authorization".to_owned(), SECRET.to_owned())];
    hides("Map", &Map::new(&map));
    hides("MapMut", &MapMut::new(&mut map));
}

#[test]
fn errors_hide_what_was_refused() {
    let refused = TraceParent::parse(SECRET.as_bytes()).expect_err("no traceparent");
    hides("ParseError", &refused);
    assert!(!refused.to_string().contains(SECRET), "its text: {refused}");
    let refused = TraceState::parse([SECRET.as_bytes()]).expect_err("no tracestate");
    hides("ParseError of a tracestate", &refused);
    assert!(!refused.to_string().contains(SECRET), "its text: {refused}");
}
