//! `baggage` through the propagator.

use opentelemetry::Context;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::TraceContextExt;

use crate::support::{headers, lines, through, traceparent, w3c, written};

#[test]
fn lines_are_joined_and_entries_go_on() {
    let sent = headers(&[("baggage", "userId=Am%C3%A9lie;ttl=3"), ("baggage", "flag=a=b")]);
    let cx = w3c().extract(&sent, &Context::new());
    let value = |key| cx.baggage().get(key).map(ToString::to_string);
    assert_eq!(value("userId").as_deref(), Some("Am\u{e9}lie"), "percent-decoded");
    assert_eq!(
        value("flag").as_deref(),
        Some("a=b"),
        "equals signs belong to the value"
    );
    let got = written(&cx);
    let mut members: Vec<String> = lines(&got, "baggage").split(',').map(str::to_owned).collect();
    members.sort();
    assert_eq!(members, ["flag=a=b", "userId=Am%C3%A9lie;ttl=3"], "unchanged");
    assert!(!cx.has_active_span(), "baggage alone is no span");
}

#[test]
fn a_bad_traceparent_does_not_cost_the_baggage() {
    let got = through(&[("traceparent", "nonsense"), ("baggage", "a=1")]);
    assert_eq!(lines(&got, "baggage"), "a=1");
    assert!(!got.contains_key("traceparent"), "no trace");
}

#[test]
fn trace_and_baggage_travel_together() {
    let got = through(&[
        ("traceparent", traceparent("03")),
        ("tracestate", "x@@y=9".to_owned()),
        ("baggage", "a=1".to_owned()),
    ]);
    let all = ["traceparent", "tracestate", "baggage"].map(|name| lines(&got, name));
    assert_eq!(all, [traceparent("03"), "x@@y=9".to_owned(), "a=1".to_owned()]);
}

#[test]
fn headers_without_entries_change_nothing() {
    let outer = w3c().extract(&headers(&[("baggage", "a=1")]), &Context::new());
    for line in ["", ",", "nonsense", "\u{e9}=1"] {
        let cx = w3c().extract(&headers(&[("baggage", line)]), &outer);
        assert_eq!(lines(&written(&cx), "baggage"), "a=1", "{line:?}");
    }
}

#[test]
fn a_line_that_is_not_utf_8_is_left_out_alone() {
    let sent: [(&str, &[u8]); 2] = [("baggage", b"a=\xff,b=2"), ("baggage", b"c=3")];
    assert_eq!(lines(&through(&sent), "baggage"), "c=3");
}
