//! Jaeger flags and baggage.

use opentelemetry::baggage::BaggageExt;
use opentelemetry::propagation::{TextMapCompositePropagator, TextMapPropagator};
use opentelemetry::{Context, KeyValue};

use super::{NEW, SPAN, TRACE, carrier, sent, written};
use crate::propagator::BoxedPropagator;
use crate::propagator::b3::B3;
use crate::propagator::jaeger::Jaeger;

#[test]
fn jaeger_flags_are_forwarded() {
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
    let both: Vec<BoxedPropagator> = vec![Box::new(B3::single()), Box::new(Jaeger::new())];
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
