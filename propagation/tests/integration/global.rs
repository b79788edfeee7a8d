//! The global propagator. It is one for the whole process, so this is one test.

use http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::propagation::TextMapCompositePropagator;
use opentelemetry::trace::TraceContextExt;
use throughline_propagation::{Propagator, W3cPropagator};

use crate::support::{TRACE, headers, traceparent};

#[test]
fn it_is_looked_up_when_a_request_comes_and_is_w3c_until_one_is_installed() {
    let propagator = Propagator::default();
    let sent = headers(&[("traceparent", traceparent("01")), ("baggage", "a=1".to_owned())]);
    let read = || propagator.extract(&sent, &Context::new());
    let write = |cx: &Context| {
        let mut written = HeaderMap::new();
        propagator.inject(cx, &mut written);
        written
    };

    let cx = read();
    assert_eq!(
        cx.span().span_context().trace_id().to_string(),
        TRACE,
        "read by W3C"
    );
    assert_eq!(write(&cx), sent, "written by W3C");

    let off = W3cPropagator::new().with_trace_context(false).with_baggage(false);
    opentelemetry::global::set_text_map_propagator(off);
    assert!(
        !read().has_active_span() && read().baggage().is_empty(),
        "off: nothing is read"
    );
    assert_eq!(write(&cx), HeaderMap::new(), "off: nothing is written");

    opentelemetry::global::set_text_map_propagator(TextMapCompositePropagator::new(Vec::new()));
    assert!(!read().has_active_span(), "of none: nothing is read");
    assert_eq!(write(&cx), HeaderMap::new(), "of none: nothing is written");

    opentelemetry::global::set_text_map_propagator(W3cPropagator::new().with_baggage(false));
    let cx = read();
    assert_eq!(
        cx.span().span_context().trace_id().to_string(),
        TRACE,
        "read by what is installed"
    );
    assert!(cx.baggage().is_empty(), "and only by that");
}
