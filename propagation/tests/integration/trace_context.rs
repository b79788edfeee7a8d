//! `traceparent` and `tracestate`, case by case.

use http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TraceContextExt;
use proptest::prelude::*;
use throughline_propagation::W3cPropagator;

use crate::support::{PARENT, TRACE, headers, lines, remote, string_map, through, traceparent, w3c, written};

#[test]
fn the_cases_that_the_stock_propagator_fails() {
    let parent = traceparent("00");
    let three_lines = [
        "bar01=01,bar02=02,bar03=03,bar04=04,bar05=05,bar06=06,bar07=07,bar08=08,bar09=09,bar10=10,bar11=11",
        "bar12=12,bar13=13,bar14=14,bar15=15,bar16=16,bar17=17,bar18=18,bar19=19,bar20=20,bar21=21,bar22=22",
        "bar23=23,bar24=24,bar25=25,bar26=26,bar27=27,bar28=28,bar29=29,bar30=30,bar31=31,bar32=32",
    ];
    let all_32 = three_lines.join(",");
    let long_system = format!("t@{}=1,foo=1", "v".repeat(15));
    let long_tenant = format!("{}@v=1,foo=1", "t".repeat(242));
    let cases: &[(&str, &[&str], &str)] = &[
        (
            "several lines",
            &["foo=1,bar=2", "rojo=1,congo=2", "baz=3"],
            "foo=1,bar=2,rojo=1,congo=2,baz=3",
        ),
        ("an empty line first", &["", "foo=1"], "foo=1"),
        ("an empty line last", &["foo=1", ""], "foo=1"),
        ("nothing but an empty line", &[""], ""),
        ("an empty member", &["foo=1,,bar=2"], "foo=1,bar=2"),
        ("32 members in three lines", &three_lines, &all_32),
        ("33 members", &[&all_32, "bar33=33"], ""),
        ("an empty value", &["foo=,bar=3"], ""),
        ("two equals signs", &["foo=bar=baz"], ""),
        ("two equals signs together", &["foo==bar"], ""),
        ("an empty key", &["=1"], ""),
        ("a tab in a value", &["foo=a\tb"], ""),
        (
            "a key with two at signs",
            &["foo@@bar=1,bar=2"],
            "foo@@bar=1,bar=2",
        ),
        (
            "a key with three parts",
            &["foo@bar@baz=1,bar=2"],
            "foo@bar@baz=1,bar=2",
        ),
        (
            "a key that ends with an at sign",
            &["foo@=1,bar=2"],
            "foo@=1,bar=2",
        ),
        ("a key that begins with an at sign", &["@foo=1,bar=2"], ""),
        ("a long system id", &[&long_system], &long_system),
        ("a long tenant id", &[&long_tenant], &long_tenant),
        ("optional white space", &["\t foo=1 \t , bar=2\t"], "foo=1,bar=2"),
        ("a key twice", &["foo=1", "foo=2"], "foo=1"),
    ];
    for (case, states, expected) in cases {
        let mut sent = vec![("traceparent", parent.as_str())];
        sent.extend(states.iter().map(|state| ("tracestate", *state)));
        let got = through(&sent);
        assert_eq!(lines(&got, "traceparent"), parent, "{case}: traceparent survives");
        assert_eq!(lines(&got, "tracestate"), *expected, "{case}");
        assert_eq!(
            got.contains_key("tracestate"),
            !expected.is_empty(),
            "{case}: never an empty header"
        );
    }
}

#[test]
fn a_bad_traceparent_starts_a_new_trace_and_hides_tracestate() {
    let good = traceparent("01");
    let cases: &[(&str, &[&[u8]])] = &[
        ("none", &[]),
        ("empty", &[b""]),
        (
            "two",
            &[
                good.as_bytes(),
                b"00-12345678901234567890123456789011-1234567890123456-01",
            ],
        ),
        ("the same twice", &[good.as_bytes(), good.as_bytes()]),
        ("two, the second not UTF-8", &[good.as_bytes(), b"\xff"]),
        ("two, the first not UTF-8", &[b"\xff", good.as_bytes()]),
        ("two, the second empty", &[good.as_bytes(), b""]),
        (
            "version too short",
            &[b"0-12345678901234567890123456789012-1234567890123456-01"],
        ),
        (
            "version too long",
            &[b"000-12345678901234567890123456789012-1234567890123456-01"],
        ),
        (
            "parent-id too short",
            &[b"00-12345678901234567890123456789012-123456789012345-01"],
        ),
        (
            "parent-id too long",
            &[b"00-12345678901234567890123456789012-12345678901234567-01"],
        ),
        (
            "flags too short",
            &[b"00-12345678901234567890123456789012-1234567890123456-1"],
        ),
        (
            "flags too long",
            &[b"00-12345678901234567890123456789012-1234567890123456-001"],
        ),
        ("joined by a proxy", &[format!("{good},{good}").leak().as_bytes()]),
    ];
    for (case, values) in cases {
        let mut sent: Vec<(&'static str, &[u8])> = vec![("tracestate", b"foo=1")];
        sent.extend(values.iter().map(|value| ("traceparent", *value)));
        let cx = w3c().extract(&headers(&sent), &Context::new());
        assert!(!cx.has_active_span(), "{case}: no remote span");
        assert!(written(&cx).is_empty(), "{case}: nothing to pass on");
    }
}

#[test]
fn flags_pass_both_ways() {
    for (came, goes) in [
        ("00", "00"),
        ("01", "01"),
        ("02", "02"),
        ("03", "03"),
        ("ff", "03"),
        ("04", "00"),
    ] {
        let got = through(&[("traceparent", traceparent(came))]);
        assert_eq!(lines(&got, "traceparent"), traceparent(goes), "flags {came}");
    }
    let future = format!("cc-{TRACE}-{PARENT}-03-what-the-future-will-be-like");
    let got = through(&[("traceparent", future)]);
    assert_eq!(
        lines(&got, "traceparent"),
        traceparent("03"),
        "a future version goes on as version 00"
    );
}

#[test]
fn an_invalid_traceparent_leaves_the_context_as_it_was() {
    let outer = remote("01");
    let cx = w3c().extract(&headers(&[("traceparent", "nonsense")]), &outer);
    assert_eq!(
        cx.span().span_context(),
        outer.span().span_context(),
        "the outer span stays"
    );
}

#[test]
fn a_second_extraction_forgets_the_first() {
    let first = [
        ("traceparent", traceparent("03")),
        ("tracestate", "foo@@bar=1".to_owned()),
    ];
    let first = w3c().extract(&headers(&first), &Context::new());
    let second = w3c().extract(&headers(&[("traceparent", traceparent("01"))]), &first);
    let got = written(&second);
    assert_eq!(
        lines(&got, "traceparent"),
        traceparent("01"),
        "the random flag was the first one's"
    );
    assert_eq!(lines(&got, "tracestate"), "", "and so was the member");
}

#[test]
fn each_half_can_be_switched_off() {
    let sent = headers(&[("traceparent", traceparent("01")), ("baggage", "a=1".to_owned())]);
    let both = W3cPropagator::new();
    let cases = [
        (both, "traceparent,baggage", "traceparent,tracestate,baggage"),
        (both.with_baggage(false), "traceparent", "traceparent,tracestate"),
        (both.with_trace_context(false), "baggage", "baggage"),
        (both.with_baggage(false).with_trace_context(false), "", ""),
    ];
    for (propagator, expected, fields) in cases {
        let cx = w3c().extract(&sent, &Context::new());
        let names: Vec<&str> = propagator.headers(&cx).map(|(name, _)| name).collect();
        assert_eq!(names.join(","), expected, "written by {propagator:?}");
        let cx = propagator.extract_with_context(&Context::new(), &string_map(&sent));
        let names: Vec<&str> = both.headers(&cx).map(|(name, _)| name).collect();
        assert_eq!(names.join(","), expected, "read by {propagator:?}");
        assert_eq!(
            propagator.fields().collect::<Vec<_>>().join(","),
            fields,
            "fields of {propagator:?}"
        );
    }
}

proptest! {
    #[test]
    fn any_bytes_in_any_header_end_in_a_valid_context_or_none(
        sent in proptest::collection::vec(
            (prop_oneof!["traceparent", "tracestate", "baggage"], any::<Vec<u8>>()), 0..6,
        )
    ) {
        let mut map = HeaderMap::new();
        for (name, value) in sent {
            if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), value.try_into()) {
                let _: http::HeaderValue = value;
                map.append(name, value);
            }
        }
        let got = written(&w3c().extract(&map, &Context::new()));
        prop_assert!(got.values().all(|value| !value.is_empty()));
        let again = written(&w3c().extract(&got, &Context::new()));
        prop_assert_eq!(lines(&again, "traceparent"), lines(&got, "traceparent"));
        prop_assert_eq!(lines(&again, "tracestate"), lines(&got, "tracestate"));
    }
}
