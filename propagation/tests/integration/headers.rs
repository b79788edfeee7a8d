//! `HeaderMap` as a carrier, and others' carriers and propagators.

use std::collections::HashMap;

use http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TraceContextExt;
use throughline_propagation::W3cPropagator;

use crate::support::{headers, lines, remote, string_map, traceparent, w3c};

#[test]
fn injection_replaces_what_is_there_and_leaves_what_it_has_no_word_on() {
    let cx = remote("01");
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
    let cx = remote("01");
    let mut headers = HeaderMap::new();
    let mut count = 0;
    let full = loop {
        let name = http::HeaderName::try_from(format!("x-{count}")).expect("a name");
        let added = headers.try_insert(name, http::HeaderValue::from_static("x"));
        if added.is_err() {
            break headers.len();
        }
        count += 1;
    };
    w3c().inject(&cx, &mut headers);
    assert_eq!(headers.len(), full, "as it was");
}

#[test]
fn any_extractor_and_injector_will_do() {
    let sent = [
        ("traceparent", traceparent("02")),
        ("tracestate", "a@@b=1,c=2".to_owned()),
    ];
    let carrier = string_map(&headers(&sent));
    let cx = W3cPropagator::new().extract_with_context(&Context::new(), &carrier);
    let mut written: HashMap<String, String> = HashMap::new();
    W3cPropagator::new().inject_context(&cx, &mut written);
    assert_eq!(written, carrier, "the same through OpenTelemetry's own carrier");
}

#[test]
fn a_peer_cannot_claim_that_its_header_is_the_only_one() {
    let mut sent = headers(&[
        ("traceparent", traceparent("01")),
        ("traceparent", traceparent("01")),
    ]);
    sent.extend(headers(&[(
        "throughline-one-line-or-none",
        "throughline-one-line-or-none",
    )]));
    let extractor = Lines(sent);
    let cx = W3cPropagator::new().extract_with_context(&Context::new(), &extractor);
    assert!(!cx.has_active_span(), "two headers are two headers");
}

#[test]
fn the_stock_propagator_gains_from_our_carrier() {
    let stock = throughline_propagation::Propagator::from(
        opentelemetry_sdk::propagation::TraceContextPropagator::new(),
    );
    let two = headers(&[
        ("traceparent", traceparent("01")),
        ("traceparent", traceparent("00")),
    ]);
    let cx = stock.extract(&two, &Context::new());
    assert!(
        !cx.has_active_span(),
        "it takes the first of two headers, were it not for the carrier"
    );
    let mut headers = headers(&[("tracestate", "stale=1")]);
    stock.inject(&remote("00"), &mut headers);
    assert_eq!(
        lines(&headers, "traceparent"),
        traceparent("00"),
        "it writes the header"
    );
}

/// A plain extractor over headers, as others write it.
struct Lines(HeaderMap);

impl opentelemetry::propagation::Extractor for Lines {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        Some(
            self.0
                .get_all(key)
                .iter()
                .filter_map(|line| line.to_str().ok())
                .collect(),
        )
    }
}
