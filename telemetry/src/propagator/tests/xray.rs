//! X-Ray sampling decisions.

use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TraceContextExt;

use super::{NEW, SPAN, TRACE, carrier, sent, written};
use crate::propagator::xray::XRay;

/// A decision that was deferred used to count as not sampled.
#[test]
fn xray_decisions_are_applied_and_forwarded() {
    let xray = XRay::new();
    let id = |trace: &str| format!("1-{}-{}", &trace[..8], &trace[8..]);
    let header = |trace: &str, span: &str, state: &str| format!("Root={};Parent={span}{state}", id(trace));
    for (state, rate, is_recording, expected) in [
        (";Sampled=1", 0.0, true, ";Sampled=1"),
        (";Sampled=0", 1.0, false, ";Sampled=0"),
        (";Sampled=?", 1.0, true, ";Sampled=1"),
        (";Sampled=?", 0.0, false, ";Sampled=0"),
        ("", 1.0, true, ";Sampled=1"),
        ("", 0.0, false, ";Sampled=0"),
    ] {
        let found = sent(&xray, rate, &[("x-amzn-trace-id", &header(TRACE, SPAN, state))]);
        let expected = vec![format!("x-amzn-trace-id: {}", header(TRACE, NEW, expected))];
        assert_eq!(found, (is_recording, expected), "{state:?} at {rate}");
    }
    for state in [";Sampled=1", ";Sampled=0", ";Sampled=?"] {
        let header = header(TRACE, SPAN, state);
        let cx = xray.extract_with_context(&Context::new(), &carrier(&[("x-amzn-trace-id", &header)]));
        assert_eq!(
            written(&xray, &cx),
            [format!("x-amzn-trace-id: {header}")],
            "passed on: {state}"
        );
        let flags = cx.span().span_context().trace_flags().to_u8();
        assert!(flags <= 1, "no flag that means another thing to W3C: {flags}");
    }
}
