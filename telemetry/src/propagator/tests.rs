//! What the older formats read and write.

use std::collections::HashMap;

use opentelemetry::baggage::BaggageExt;
use opentelemetry::propagation::{TextMapCompositePropagator, TextMapPropagator};
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer, TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{IdGenerator, SdkTracerProvider};
use throughline_propagation::W3cPropagator;

use super::Boxed;
use super::b3::B3;
use super::jaeger::Jaeger;
use crate::config::{Propagator, TelemetryConfig};
use crate::sampling::sampler;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// `trace span sampled` of what is read, or nothing.
fn read(propagator: &dyn TextMapPropagator, headers: &[(&str, &str)]) -> Option<String> {
    let carrier: HashMap<String, String> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let cx = propagator.extract_with_context(&Context::new(), &carrier);
    let remote = cx.span().span_context().clone();
    assert!(!remote.is_valid() || remote.is_remote(), "{headers:?} is remote");
    remote.is_valid().then(|| {
        format!(
            "{} {} {}",
            remote.trace_id(),
            remote.span_id(),
            remote.is_sampled()
        )
    })
}

#[test]
fn b3_is_read_in_both_forms() {
    let yes = Some(format!("{TRACE} {SPAN} true"));
    let no = Some(format!("{TRACE} {SPAN} false"));
    let short = Some(format!("{:032x} {SPAN} true", 0xa3ce_929d_0e0e_4736_u64));
    for (headers, expected) in [
        (&[("b3", &*format!("{TRACE}-{SPAN}-1"))][..], yes.clone()),
        (
            &[("b3", &*format!("{TRACE}-{SPAN}-1-05e3ac9a4f6e3b90"))],
            yes.clone(),
        ),
        (&[("b3", &*format!("{TRACE}-{SPAN}-d"))], yes.clone()),
        (&[("b3", &*format!("{TRACE}-{SPAN}"))], yes.clone()),
        (&[("b3", &*format!("{TRACE}-{SPAN}-0"))], no.clone()),
        (&[("b3", &*format!("a3ce929d0e0e4736-{SPAN}-1"))], short),
        (&[("b3", "0")], None),
        (&[("b3", "")], None),
        (&[("b3", &*format!("{TRACE}0-{SPAN}-1"))], None),
        (&[("b3", &*format!("+bf9-{SPAN}-1"))], None),
        (&[("b3", &*format!("0000-{SPAN}-1"))], None),
        (&[("b3", &*format!("{TRACE}-é-1"))], None),
        (
            &[
                ("x-b3-traceid", TRACE),
                ("x-b3-spanid", SPAN),
                ("x-b3-sampled", "1"),
            ],
            yes.clone(),
        ),
        (
            &[
                ("x-b3-traceid", TRACE),
                ("x-b3-spanid", SPAN),
                ("x-b3-sampled", "false"),
            ],
            no,
        ),
        (
            &[
                ("x-b3-traceid", TRACE),
                ("x-b3-spanid", SPAN),
                ("x-b3-sampled", "0"),
                ("x-b3-flags", "1"),
            ],
            yes.clone(),
        ),
        (&[("x-b3-traceid", TRACE), ("x-b3-spanid", SPAN)], yes),
        (&[("x-b3-traceid", TRACE)], None),
    ] {
        assert_eq!(read(&B3::single(), headers), expected, "{headers:?}");
        assert_eq!(read(&B3::multi(), headers), expected, "{headers:?}");
    }
}

#[test]
fn jaeger_is_read() {
    let yes = Some(format!("{TRACE} {SPAN} true"));
    for (header, expected) in [
        (format!("{TRACE}:{SPAN}:0:1"), yes.clone()),
        (format!("{TRACE}%3A{SPAN}%3A0%3A3"), yes.clone()),
        (format!("{TRACE}:f067aa0ba902b7:0:1"), yes),
        (
            format!("{TRACE}:{SPAN}:0:0"),
            Some(format!("{TRACE} {SPAN} false")),
        ),
        (format!("{TRACE}:{SPAN}:0"), None),
        (format!("{TRACE}:{SPAN}:0:1:2"), None),
        (format!("{TRACE}:{SPAN}:0:x"), None),
        (format!("0:{SPAN}:0:1"), None),
    ] {
        assert_eq!(
            read(&Jaeger::new(), &[("uber-trace-id", &header)]),
            expected,
            "{header}"
        );
    }
}

/// A propagator and the headers that it writes.
type Written<'a> = (&'a dyn TextMapPropagator, &'a [(&'a str, &'a str)]);

#[test]
fn each_writes_its_form_and_nothing_without_a_span() {
    let span = SpanContext::new(
        TraceId::from_hex(TRACE).expect("an id"),
        SpanId::from_hex(SPAN).expect("an id"),
        TraceFlags::SAMPLED,
        false,
        TraceState::NONE,
    );
    let cx = Context::new().with_remote_span_context(span);
    let propagators: [Written<'_>; 3] = [
        (
            &B3::single(),
            &[("b3", "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1")],
        ),
        (
            &B3::multi(),
            &[
                ("x-b3-sampled", "1"),
                ("x-b3-spanid", SPAN),
                ("x-b3-traceid", TRACE),
            ],
        ),
        (
            &Jaeger::new(),
            &[(
                "uber-trace-id",
                "4bf92f3577b34da6a3ce929d0e0e4736:00f067aa0ba902b7:0:1",
            )],
        ),
    ];
    for (propagator, expected) in propagators {
        let mut carrier: HashMap<String, String> = HashMap::new();
        propagator.inject_context(&Context::new(), &mut carrier);
        assert!(carrier.is_empty(), "no span, no header");
        propagator.inject_context(&cx, &mut carrier);
        let mut written: Vec<(&str, &str)> =
            carrier.iter().map(|(name, value)| (&**name, &**value)).collect();
        written.sort_unstable();
        assert_eq!(written, expected, "the headers");
        let fields: Vec<&str> = propagator.fields().collect();
        for (name, _) in expected {
            assert!(fields.contains(name), "{name} is one of the fields {fields:?}");
        }
    }
}

fn carrier(headers: &[(&str, &str)]) -> HashMap<String, String> {
    let owned = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    owned.collect()
}

/// The headers that are written of a context, sorted.
fn written(propagator: &dyn TextMapPropagator, cx: &Context) -> Vec<String> {
    let mut carrier: HashMap<String, String> = HashMap::new();
    propagator.inject_context(cx, &mut carrier);
    let mut headers: Vec<String> = carrier
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    headers.sort_unstable();
    headers
}

/// The span that a service starts has this id.
#[derive(Debug)]
struct OneId;

impl IdGenerator for OneId {
    fn new_trace_id(&self) -> TraceId {
        TraceId::from(0xaaaa)
    }

    fn new_span_id(&self) -> SpanId {
        SpanId::from(0xbbbb)
    }
}

const NEW: &str = "000000000000bbbb";
const ROOT: &str = "0000000000000000000000000000aaaa";

/// What a service with this rate sends to the next one, for a request with these headers: `recording`, and the headers.
fn sent(propagator: &dyn TextMapPropagator, rate: f64, headers: &[(&str, &str)]) -> (bool, Vec<String>) {
    let config = TelemetryConfig::default().with_sampling_rate(rate);
    let config = config.with_propagators([Propagator::B3, Propagator::Jaeger]);
    let provider = SdkTracerProvider::builder()
        .with_sampler(sampler(&config))
        .with_id_generator(OneId)
        .build();
    let tracer = provider.tracer("test");
    let cx = propagator.extract_with_context(&Context::new(), &carrier(headers));
    let server = tracer.start_with_context("server", &cx);
    let cx = cx.with_span(server);
    let client = tracer.start_with_context("client", &cx);
    let cx = cx.with_span(client);
    (cx.span().is_recording(), written(propagator, &cx))
}

/// A debug trace used to become an ordinary one, `b3: 0` a recorded one, and a decision that was left open a recorded one.
#[test]
fn b3_decisions_are_heeded_and_passed_on() {
    let short = "a3ce929d0e0e4736";
    let long = format!("0000000000000000{short}");
    let ids = "x-b3-traceid: TRACE; x-b3-spanid: SPAN; x-b3-parentspanid: 05e3ac9a4f6e3b90";
    // The headers, the rate of this service, whether it records, the trace and the state that it sends.
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
        // The single header counts before the others.
        ("b3: 0; IDS; x-b3-flags: 1", 1.0, false, ROOT, "0"),
        // What is malformed counts as none.
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

/// A service that records nothing passes on what it got.
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

/// A decision is of one trace: a new one below it is decided on its own.
#[test]
fn a_decision_does_not_reach_another_trace() {
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

/// W3C's parent counts before a decision that came without a trace.
#[test]
fn beside_trace_context_a_decision_alone_decides_new_traces_only() {
    let both: Vec<Boxed> = vec![Box::new(B3::single()), Box::new(W3cPropagator::new())];
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

#[test]
fn jaeger_flags_are_passed_on() {
    for (flags, rate, is_recording, expected) in [
        ("0", 1.0, false, "0"),
        ("00", 1.0, false, "0"),
        ("1", 0.0, true, "1"),
        ("01", 0.0, true, "1"),
        ("3", 0.0, true, "3"),
        ("03", 0.0, true, "3"),
        ("2", 0.0, true, "3"),
        ("9", 0.0, true, "9"),
        ("b", 0.0, true, "b"),
        ("8", 1.0, false, "8"),
        ("5", 0.0, true, "1"),
    ] {
        let header = format!("{TRACE}:{SPAN}:0:{flags}");
        let found = sent(&Jaeger::new(), rate, &[("uber-trace-id", &header)]);
        let expected = vec![format!("uber-trace-id: {TRACE}:{NEW}:0:{expected}")];
        assert_eq!(found, (is_recording, expected), "{flags}");
    }
    let both: Vec<Boxed> = vec![Box::new(B3::single()), Box::new(Jaeger::new())];
    let (_, headers) = sent(
        &TextMapCompositePropagator::new(both),
        0.0,
        &[("b3", &format!("{TRACE}-{SPAN}-d"))],
    );
    let expected = [
        format!("b3: {TRACE}-{NEW}-d"),
        format!("uber-trace-id: {TRACE}:{NEW}:0:3"),
    ];
    assert_eq!(headers, expected, "from one format to another");
}

#[test]
fn jaeger_baggage_is_read_and_written() {
    let jaeger = Jaeger::new();
    let headers = [
        ("uberctx-tenant", "a%20b%2C"),
        ("uberctx-plan", "gold"),
        ("uberctx-", "x"),
        ("other", "y"),
    ];
    let before = Context::new().with_baggage([KeyValue::new("kept", "1"), KeyValue::new("plan", "none")]);
    let cx = jaeger.extract_with_context(&before, &carrier(&headers));
    let mut found: Vec<String> = cx
        .baggage()
        .iter()
        .map(|(name, (value, _))| format!("{name}={value}"))
        .collect();
    found.sort();
    assert_eq!(
        found,
        ["kept=1", "plan=gold", "tenant=a b,"],
        "decoded, beside what was there"
    );
    let expected = [
        "uberctx-kept: 1",
        "uberctx-plan: gold",
        "uberctx-tenant: a%20b%2C",
    ];
    assert_eq!(written(&jaeger, &cx), expected, "without a span, too");

    let long = "x".repeat(5_000);
    let headers = [("uberctx-a", &*long), ("uberctx-b", &*long)];
    let cx = jaeger.extract_with_context(&Context::new(), &carrier(&headers));
    assert_eq!(cx.baggage().len(), 1, "no more than 8192 bytes");
    let names: Vec<String> = (0..100).map(|number| format!("uberctx-{number}")).collect();
    let headers: Vec<_> = names.iter().map(|name| (&**name, "1")).collect();
    let cx = jaeger.extract_with_context(&Context::new(), &carrier(&headers));
    assert_eq!(cx.baggage().len(), 64, "no more than 64 entries");
}

/// A decision that was left open used to count as not sampled.
#[cfg(feature = "xray")]
#[test]
fn xray_decisions_are_heeded_and_passed_on() {
    let xray = super::xray::propagator().expect("compiled in");
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
        let found = sent(&*xray, rate, &[("x-amzn-trace-id", &header(TRACE, SPAN, state))]);
        let expected = vec![format!("x-amzn-trace-id: {}", header(TRACE, NEW, expected))];
        assert_eq!(found, (is_recording, expected), "{state:?} at {rate}");
    }
    for state in [";Sampled=1", ";Sampled=0", ";Sampled=?"] {
        let header = header(TRACE, SPAN, state);
        let cx = xray.extract_with_context(&Context::new(), &carrier(&[("x-amzn-trace-id", &header)]));
        assert_eq!(
            written(&*xray, &cx),
            [format!("x-amzn-trace-id: {header}")],
            "passed on: {state}"
        );
        let flags = cx.span().span_context().trace_flags().to_u8();
        assert!(flags <= 1, "no flag that means another thing to W3C: {flags}");
    }
}
