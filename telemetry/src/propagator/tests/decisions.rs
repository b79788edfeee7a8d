//! B3 sampling states, from a caller to the next service.

use opentelemetry::Context;
use opentelemetry::propagation::{TextMapCompositePropagator, TextMapPropagator};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use throughline_propagation::W3cPropagator;

use super::{NEW, ROOT, SPAN, TRACE, carrier, sent, written};
use crate::propagator::BoxedPropagator;
use crate::propagator::b3::B3;

/// A debug trace used to become a normal one. `b3: 0` and deferred decisions used to be recorded.
#[test]
fn b3_decisions_are_heeded_and_passed_on() {
    let short = "a3ce929d0e0e4736";
    let long = format!("0000000000000000{short}");
    let ids = "x-b3-traceid: TRACE; x-b3-spanid: SPAN; x-b3-parentspanid: 05e3ac9a4f6e3b90";
    // The headers, the rate of this service, whether it records, and the trace and the state that it sends.
    let cases: &[(&str, f64, bool, &str, &str)] = &[
        ("b3: TRACE-SPAN-d", 0.0, true, TRACE, "d"),
        ("b3: TRACE-SPAN-d-05e3ac9a4f6e3b90", 0.0, true, TRACE, "d"),
        ("b3: TRACE-SPAN-1", 0.0, true, TRACE, "1"),
        ("b3: TRACE-SPAN-1-05e3ac9a4f6e3b90", 0.0, true, TRACE, "1"),
        ("b3: TRACE-SPAN-0", 1.0, false, TRACE, "0"),
        ("b3: TRACE-SPAN-0-05e3ac9a4f6e3b90", 1.0, false, TRACE, "0"),
        ("b3: TRACE-SPAN", 1.0, true, TRACE, "1"),
        ("b3: TRACE-SPAN", 0.0, false, TRACE, "0"),
        ("b3: a3ce929d0e0e4736-SPAN-d", 0.0, true, &long, "d"),
        ("b3: a3ce929d0e0e4736-SPAN-1", 0.0, true, &long, "1"),
        ("b3: 0", 1.0, false, ROOT, "0"),
        ("b3: 1", 0.0, true, ROOT, "1"),
        ("b3: d", 0.0, true, ROOT, "d"),
        ("IDS; x-b3-flags: 1", 0.0, true, TRACE, "d"),
        ("IDS; x-b3-flags: 1; x-b3-sampled: 0", 0.0, true, TRACE, "d"),
        ("IDS; x-b3-flags: 0; x-b3-sampled: 1", 0.0, true, TRACE, "1"),
        ("IDS; x-b3-sampled: true", 0.0, true, TRACE, "1"),
        ("IDS; x-b3-sampled: 0", 1.0, false, TRACE, "0"),
        ("IDS; x-b3-sampled: false", 1.0, false, TRACE, "0"),
        ("IDS", 1.0, true, TRACE, "1"),
        ("IDS", 0.0, false, TRACE, "0"),
        (
            "x-b3-traceid: a3ce929d0e0e4736; x-b3-spanid: SPAN; x-b3-flags: 1",
            0.0,
            true,
            &long,
            "d",
        ),
        ("x-b3-sampled: 0", 1.0, false, ROOT, "0"),
        ("x-b3-sampled: 1", 0.0, true, ROOT, "1"),
        ("x-b3-flags: 1", 0.0, true, ROOT, "d"),
        // The single header takes precedence over the others.
        ("b3: 0; IDS; x-b3-flags: 1", 1.0, false, ROOT, "0"),
        // Malformed headers are ignored.
        ("b3: TRACE-SPAN-x", 0.0, false, ROOT, "0"),
        ("b3: TRACE-SPAN-", 0.0, false, ROOT, "0"),
        ("b3: 2", 0.0, false, ROOT, "0"),
        ("b3: x", 1.0, true, ROOT, "1"),
        ("b3: TRACE-SPAN-1-05e3ac9a4f6e3b90-1", 0.0, false, ROOT, "0"),
        ("b3: x; IDS; x-b3-sampled: 1", 0.0, true, TRACE, "1"),
        ("IDS; x-b3-sampled: ", 0.0, false, ROOT, "0"),
        ("IDS; x-b3-sampled: d", 0.0, false, ROOT, "0"),
        ("x-b3-traceid: TRACE; x-b3-sampled: 1", 0.0, false, ROOT, "0"),
        ("x-b3-spanid: SPAN; x-b3-flags: 1", 0.0, false, ROOT, "0"),
        ("", 1.0, true, ROOT, "1"),
        ("", 0.0, false, ROOT, "0"),
    ];
    for (headers, rate, is_recording, trace, state) in cases {
        let case = format!("{headers:?} at {rate}");
        let text = headers
            .replace("IDS", ids)
            .replace("TRACE", TRACE)
            .replace("SPAN", SPAN);
        let headers: Vec<(&str, &str)> = text
            .split("; ")
            .filter_map(|header| header.split_once(": "))
            .collect();
        let single = vec![format!("b3: {trace}-{NEW}-{state}")];
        assert_eq!(
            sent(&B3::single(), *rate, &headers),
            (*is_recording, single),
            "{case}: in one header"
        );
        let state = if *state == "d" {
            "x-b3-flags: 1".to_owned()
        } else {
            format!("x-b3-sampled: {state}")
        };
        let multi = vec![
            state,
            format!("x-b3-spanid: {NEW}"),
            format!("x-b3-traceid: {trace}"),
        ];
        assert_eq!(
            sent(&B3::multi(), *rate, &headers),
            (*is_recording, multi),
            "{case}: in several"
        );
    }
}

/// A service that records nothing forwards the decision.
#[test]
fn b3_is_passed_on_where_nothing_is_recorded() {
    let full = |state: &str| format!("{TRACE}-{SPAN}{state}");
    for header in [
        full("-d"),
        full("-1"),
        full("-0"),
        full(""),
        "0".into(),
        "1".into(),
        "d".into(),
    ] {
        let b3 = B3::single();
        let cx = b3.extract_with_context(&Context::new(), &carrier(&[("b3", &header)]));
        assert_eq!(written(&b3, &cx), [format!("b3: {header}")], "{header}");
    }
    let multi = B3::multi();
    for (headers, expected) in [
        (&[("x-b3-flags", "1")][..], &["x-b3-flags: 1"][..]),
        (&[("x-b3-sampled", "0")], &["x-b3-sampled: 0"]),
        (&[("x-b3-sampled", "true")], &["x-b3-sampled: 1"]),
        (&[], &[]),
    ] {
        let cx = multi.extract_with_context(&Context::new(), &carrier(headers));
        assert_eq!(written(&multi, &cx), expected, "{headers:?}");
    }
}

/// A decision applies to one trace. A new trace below it has its own decision.
#[test]
fn decision_does_not_apply_to_another_trace() {
    let b3 = B3::single();
    let cx = b3.extract_with_context(&Context::new(), &carrier(&[("b3", &format!("{TRACE}-{SPAN}-d"))]));
    let other = SpanContext::new(
        TraceId::from(1),
        SpanId::from(2),
        TraceFlags::SAMPLED,
        true,
        TraceState::NONE,
    );
    let other = cx.with_remote_span_context(other);
    assert_eq!(
        written(&b3, &other),
        [format!("b3: {:032x}-{:016x}-1", 1, 2)],
        "another trace"
    );
    let unsampled = SpanContext::new(
        TraceId::from_hex(TRACE).expect("an id"),
        SpanId::from(2),
        TraceFlags::default(),
        false,
        TraceState::NONE,
    );
    let unsampled = cx.with_remote_span_context(unsampled);
    assert_eq!(
        written(&b3, &unsampled),
        [format!("b3: {TRACE}-{:016x}-0", 2)],
        "decided otherwise here"
    );
}

/// A W3C parent takes precedence over a decision without a trace.
#[test]
fn with_trace_context_a_decision_without_ids_applies_to_new_traces_only() {
    let both: Vec<BoxedPropagator> = vec![Box::new(B3::single()), Box::new(W3cPropagator::new())];
    let both = TextMapCompositePropagator::new(both);
    let parent = format!("00-{TRACE}-{SPAN}-01");
    let (is_recording, _) = sent(&both, 0.0, &[("b3", "0"), ("traceparent", &parent)]);
    assert!(is_recording, "the parent is sampled");
    let (is_recording, headers) = sent(&both, 1.0, &[("b3", "0")]);
    let expected = [
        format!("b3: {ROOT}-{NEW}-0"),
        format!("traceparent: 00-{ROOT}-{NEW}-00"),
    ];
    assert_eq!((is_recording, headers), (false, expected.to_vec()), "no parent");
    let (_, headers) = sent(&both, 0.0, &[("b3", &format!("{TRACE}-{SPAN}-d"))]);
    let expected = [
        format!("b3: {TRACE}-{NEW}-d"),
        format!("traceparent: 00-{TRACE}-{NEW}-01"),
    ];
    assert_eq!(headers, expected, "debug is sampled to W3C");
}
