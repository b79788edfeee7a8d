//! Reading and writing of the older formats.

mod decisions;
mod jaeger;
#[cfg(feature = "xray")]
mod xray;

use std::collections::HashMap;

use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer, TracerProvider,
};
use opentelemetry_sdk::trace::{IdGenerator, SdkTracerProvider};

use super::b3::B3;
use super::jaeger::Jaeger;
use crate::config::{Propagator, TelemetryConfig};
use crate::sampling::sampler;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// Returns the extracted context as `trace span sampled`, or nothing.
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

/// A propagator and its expected headers.
type Written<'a> = (&'a dyn TextMapPropagator, &'a [(&'a str, &'a str)]);

#[test]
fn each_writes_its_format_and_nothing_without_a_span() {
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

/// Returns the headers of a context, sorted.
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

/// The id of the span that a service starts.
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

/// Returns what a service with this rate sends for a request with these headers: whether it records, and the
/// outgoing headers.
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
