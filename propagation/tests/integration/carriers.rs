//! Message metadata and child processes.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::process::Command;

use opentelemetry::Context;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TraceContextExt;
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use throughline_propagation::carrier::{self, StringMap};
use throughline_propagation::env;
use throughline_propagation::{Allowed, Propagator, W3cPropagator};

use crate::support::{PARENT, TRACE, headers, remote, traceparent, w3c};

fn full() -> Context {
    let sent = [
        ("traceparent", traceparent("03")),
        ("tracestate", "x@@y=9".to_owned()),
        ("baggage", "a=1".to_owned()),
    ];
    w3c().extract(&headers(&sent), &Context::new())
}

fn sorted(map: &impl StringMap) -> Vec<String> {
    let mut entries: Vec<String> = map
        .entries()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    entries.sort();
    entries
}

fn there_and_back(mut map: impl StringMap) {
    carrier::inject(&full(), &mut map);
    let expected = [
        "baggage: a=1".to_owned(),
        format!("traceparent: {}", traceparent("03")),
        "tracestate: x@@y=9".to_owned(),
    ];
    assert_eq!(sorted(&map), expected, "written, in the place of what was there");
    let cx = carrier::extract(&map, &Context::new());
    assert_eq!(
        env::vars(&cx).collect::<Vec<_>>(),
        env::vars(&full()).collect::<Vec<_>>(),
        "read again"
    );

    let bare = remote("00");
    carrier::inject(&bare, &mut map);
    assert!(
        !sorted(&map).iter().any(|entry| entry.starts_with("tracestate")),
        "of another traceparent"
    );
}

#[test]
fn string_maps_carry_a_context_there_and_back() {
    let stale =
        || [("TraceParent", "stale"), ("Tracestate", "stale=1")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    there_and_back(HashMap::from(stale()));
    there_and_back(BTreeMap::from(stale()));
    there_and_back(Vec::from(stale()));
    there_and_back(
        stale()
            .into_iter()
            .map(|(k, v)| (k, v.into()))
            .collect::<serde_json::Map<_, _>>(),
    );
}

/// As in MCP's `_meta`, which has members of others and of other types.
#[test]
fn of_a_json_object_only_strings_are_read_and_the_rest_stays() {
    let json = |text: &str| serde_json::from_str::<serde_json::Map<_, _>>(text).expect("an object");
    let mut meta = json(r#"{"progressToken":7,"com.example/tracestate":{"a":1},"tracestate":[1]}"#);
    carrier::inject(&full(), &mut meta);
    let expected = format!(
        r#"{{"progressToken":7,"com.example/tracestate":{{"a":1}},"traceparent":"{}","tracestate":"x@@y=9","baggage":"a=1"}}"#,
        traceparent("03")
    );
    assert_eq!(meta, json(&expected), "written beside what was there");
    for other in ["7", "null", "{}", r#"["00"]"#] {
        let meta = json(&format!(r#"{{"traceparent":{other},"baggage":{other}}}"#));
        let cx = carrier::extract(&meta, &Context::new());
        assert!(!cx.span().span_context().is_valid(), "{other} is no traceparent");
    }
}

#[test]
fn what_is_not_allowed_is_neither_read_nor_written() {
    let propagator = Propagator::from(W3cPropagator::new());
    let mut map = BTreeMap::from([("baggage".to_owned(), "own=1".to_owned())]);
    propagator.inject_into(&full(), Allowed::TRACE, &mut map);
    let expected = [
        "baggage: own=1".to_owned(),
        format!("traceparent: {}", traceparent("03")),
        "tracestate: x@@y=9".to_owned(),
    ];
    assert_eq!(sorted(&map), expected, "what the application wrote stays");
    for (allowed, entries) in [(Allowed::ALL, 1), (Allowed::TRACE, 0)] {
        let cx = propagator.extract_from(&map, allowed, &Context::new());
        assert!(cx.span().span_context().is_valid(), "{allowed:?}: the span");
        assert_eq!(cx.baggage().len(), entries, "{allowed:?}: the baggage");
    }
}

#[test]
fn names_in_any_case_are_read_and_two_traceparents_are_refused() {
    let one = vec![("TraceParent".to_owned(), traceparent("01"))];
    let cx = carrier::extract(&one, &Context::new());
    assert_eq!(
        cx.span().span_context().trace_id().to_string(),
        TRACE,
        "in any case"
    );
    let two = BTreeMap::from([
        ("TraceParent".to_owned(), traceparent("01")),
        ("traceparent".to_owned(), traceparent("01")),
    ]);
    assert!(
        !carrier::extract(&two, &Context::new()).has_active_span(),
        "two are none"
    );
}

#[test]
fn a_child_process_gets_the_variables_of_this_trace_only() {
    let variables = |child: &Command| -> Vec<(String, Option<String>)> {
        let text = |text: &OsStr| text.to_str().expect("UTF-8").to_owned();
        child
            .get_envs()
            .map(|(name, value)| (text(name), value.map(text)))
            .collect()
    };
    let mut child = Command::new("true");
    child.env("TRACESTATE", "stale=1").env("PATH", "/bin");
    env::inject(&full(), &mut child);
    let some = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
    let expected = [
        some("BAGGAGE", "a=1"),
        some("PATH", "/bin"),
        some("TRACEPARENT", &traceparent("03")),
        some("TRACESTATE", "x@@y=9"),
    ];
    assert_eq!(variables(&child), expected);
    env::inject(&Context::new(), &mut child);
    let none = |name: &str| (name.to_owned(), None);
    let expected = [
        none("BAGGAGE"),
        some("PATH", "/bin"),
        none("TRACEPARENT"),
        none("TRACESTATE"),
    ];
    assert_eq!(
        variables(&child),
        expected,
        "nor those that this process inherited"
    );
}

#[test]
fn variables_are_read_by_their_names() {
    let cx = env::extract_from([
        ("TRACEPARENT", traceparent("01")),
        ("TRACESTATE", "a=1".to_owned()),
        ("BAGGAGE", "b=2".to_owned()),
        ("UNRELATED", "\u{e9}".to_owned()),
    ]);
    let got: Vec<(&str, String)> = env::vars(&cx).collect();
    let expected = [
        ("TRACEPARENT", traceparent("01")),
        ("TRACESTATE", "a=1".into()),
        ("BAGGAGE", "b=2".into()),
    ];
    assert_eq!(got, expected);
    assert_eq!(
        cx.span().span_context().span_id().to_string(),
        PARENT,
        "the parent's span"
    );
    let empty = env::extract_from([("traceparent", traceparent("01"))]);
    assert!(!empty.has_active_span(), "variables are in upper case");
}

#[cfg(unix)]
#[test]
fn a_real_child_process_sees_the_context() {
    let mut child = Command::new("sh");
    child.args(["-c", "printf %s \"$TRACEPARENT $TRACESTATE $BAGGAGE\""]);
    env::inject(&full(), &mut child);
    let output = child.output().expect("a shell");
    let expected = format!("{} x@@y=9 a=1", traceparent("03"));
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}

#[test]
fn other_instrumentation_reads_and_writes_the_same() {
    let sent = [
        ("traceparent", traceparent("03")),
        ("tracestate", "x@@y=9".to_owned()),
    ];
    let cx = W3cPropagator::new().extract_with_context(&Context::new(), &HeaderExtractor(&headers(&sent)));
    let mut written = http::HeaderMap::new();
    W3cPropagator::new().inject_context(&cx, &mut HeaderInjector(&mut written));
    assert_eq!(written, headers(&sent), "through opentelemetry-http's adapters");

    let twice = [
        ("traceparent", traceparent("00")),
        ("traceparent", traceparent("01")),
    ];
    let cx = W3cPropagator::new().extract_with_context(&Context::new(), &HeaderExtractor(&headers(&twice)));
    assert!(
        !cx.span().span_context().is_valid(),
        "two traceparents start a new trace there too"
    );
}
