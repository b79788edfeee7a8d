//! What extraction and injection cost, in allocations.

use allocation_counter::measure;
use http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceState as ApiTraceState};
use throughline_propagation::{RequestHead, TraceParent, Trust};

use crate::support::{headers, traceparent, w3c};

fn allocations(act: impl FnOnce()) -> u64 {
    measure(act).count_total
}

#[test]
fn parsing_allocates_nothing() {
    let value = traceparent("01");
    let count = allocations(|| {
        let parent = TraceParent::parse(value.as_bytes());
        assert!(parent.is_ok(), "valid");
        assert!(TraceParent::parse(b"00-x").is_err(), "invalid");
    });
    assert_eq!(count, 0);
}

#[test]
fn extraction() {
    let propagator = w3c();
    let cases: &[(&str, HeaderMap, u64)] = &[
        ("nothing", HeaderMap::new(), 0),
        (
            "an invalid traceparent",
            headers(&[("traceparent", "nonsense")]),
            0,
        ),
        (
            "two of them",
            headers(&[
                ("traceparent", traceparent("01")),
                ("traceparent", traceparent("01")),
            ]),
            0,
        ),
        ("traceparent", headers(&[("traceparent", traceparent("01"))]), 1),
        // The value, the map it is in, and that map's table.
        (
            "traceparent with the random flag",
            headers(&[("traceparent", traceparent("03"))]),
            4,
        ),
        // The API's list with two strings a member, and the span.
        (
            "traceparent and tracestate of two members",
            headers(&[
                ("traceparent", traceparent("01")),
                ("tracestate", "a=1,b=2".to_owned()),
            ]),
            6,
        ),
    ];
    for (case, headers, expected) in cases {
        let cx = Context::new();
        let extract = || drop(propagator.extract(headers, &cx));
        // The first list of a thread also takes the memory in which it is checked.
        extract();
        assert_eq!(allocations(extract), *expected, "{case}");
    }
}

#[test]
fn extraction_of_a_caller_that_is_not_believed() {
    let propagator = w3c();
    let request = http::Request::get("/")
        .header("traceparent", traceparent("01"))
        .body(())
        .expect("a request");
    let cx = Context::new();
    let count =
        allocations(|| drop(propagator.extract_trusting(&Trust::Never, &RequestHead::new(&request), &cx)));
    assert_eq!(count, 1);
}

#[test]
fn injection() {
    let propagator = w3c();
    let parent: TraceParent = traceparent("01").parse().expect("valid");
    let bare = Context::new().with_remote_span_context(parent.into());
    let members = ApiTraceState::from_key_value([("a", "1"), ("b", "2")]).expect("legal");
    let state = Context::new().with_remote_span_context(parent.to_span_context(members));
    let wire = headers(&[
        ("traceparent", traceparent("03")),
        ("tracestate", "x@@y=9,a=1".to_owned()),
    ]);
    let merged = propagator.extract(&wire, &Context::new());
    let none = Context::new().with_remote_span_context(SpanContext::NONE);
    for (case, cx, expected) in [
        ("no span", none, 0),
        ("traceparent", bare, 1),
        ("traceparent and tracestate", state, 2),
        ("what the span context cannot carry", merged, 2),
    ] {
        let mut headers = HeaderMap::with_capacity(8);
        let count = allocations(|| propagator.inject(&cx, &mut headers));
        assert_eq!(count, expected, "{case}: {headers:?}");
    }
}
