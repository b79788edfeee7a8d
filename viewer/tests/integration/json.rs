//! OTLP/JSON: everything that the specification allows is read.

use serde_json::{Value, json};
use throughline_viewer::{LineKind, Viewer};

use crate::support::{hex, ok};

/// A request with one span that has an attribute with this value.
fn with_value(value: &Value) -> String {
    with_span(&json!({"attributes": [{"key": "k", "value": value}]}))
}

/// A request with one span that has these fields beside its ids.
fn with_span(fields: &Value) -> String {
    let mut span = json!({"traceId": hex(1), "spanId": "000000000000000A", "name": "work",
        "startTimeUnixNano": "1764500000000000000", "endTimeUnixNano": 1_764_500_000_000_001_000_u64});
    for (name, value) in fields.as_object().expect("an object") {
        span[name] = value.clone();
    }
    json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).to_string()
}

#[tokio::test]
async fn values_in_every_valid_form() {
    for (value, kind, expected) in [
        (json!({"stringValue": "a"}), "string", json!("a")),
        (json!({"intValue": 5}), "int", json!(5)),
        (json!({"intValue": "5"}), "int", json!(5)),
        (
            json!({"intValue": "9007199254740993"}),
            "int",
            json!("9007199254740993"),
        ),
        (
            json!({"intValue": "-9223372036854775808"}),
            "int",
            json!("-9223372036854775808"),
        ),
        (json!({"doubleValue": 1.5}), "double", json!(1.5)),
        (json!({"doubleValue": 2}), "double", json!(2.0)),
        (json!({"doubleValue": "1.5"}), "double", json!(1.5)),
        (json!({"doubleValue": "NaN"}), "double", json!("NaN")),
        (json!({"doubleValue": "-Infinity"}), "double", json!("-inf")),
        (json!({"boolValue": false}), "bool", json!(false)),
        (json!({"bytesValue": "_-8"}), "bytes", json!("/+8=")),
        (json!({"bytesValue": "/+8="}), "bytes", json!("/+8=")),
        (json!({"bytesValue": ""}), "bytes", json!("")),
        (json!({"arrayValue": {}}), "array", json!([])),
        (
            json!({"arrayValue": {"values": [{"intValue": "1"}, {}, null]}}),
            "array",
            json!([1, null, null]),
        ),
        (json!({"kvlistValue": {}}), "map", json!({})),
        (
            json!({"kvlistValue": {"values": [{"key": "a", "value": {"boolValue": true}}]}}),
            "map",
            json!({"a": true}),
        ),
        (
            json!({"stringValue": null, "unknown": [{}], "intValue": 5, "arrayValue": null}),
            "int",
            json!(5),
        ),
        (json!({"boolValue": true, "intValue": 5}), "bool", json!(true)),
        (json!({}), "string", json!(null)),
        (json!(null), "string", json!(null)),
    ] {
        let viewer = Viewer::default();
        let line = with_value(&value);
        viewer
            .add_json_line(line.as_bytes())
            .unwrap_or_else(|error| panic!("{value}: {error}"));
        let span = ok(&viewer, &format!("/api/traces/{}/spans/000000000000000a", hex(1))).await;
        assert_eq!(
            span["attributes"],
            json!([{"key": "k", "type": kind, "value": expected}]),
            "{value}"
        );
    }
}

#[tokio::test]
async fn fields_may_be_null_unknown_or_text() {
    let fields = json!({
        "name": null, "parentSpanId": null, "kind": 3, "flags": null, "attributes": null, "events": null,
        "droppedAttributesCount": "3", "droppedEventsCount": 4, "status": {"code": 2, "message": null, "new": [1]},
        "links": [{"traceId": hex(0xABC).to_uppercase(), "spanId": "00000000000000FF"}], "unknown": {"deep": [[]]},
    });
    let viewer = Viewer::default();
    viewer
        .add_json_line(with_span(&fields).as_bytes())
        .expect("valid");
    let span = ok(&viewer, &format!("/api/traces/{}/spans/000000000000000a", hex(1))).await;
    assert_eq!(span["name"], "", "null is the default");
    assert_eq!(
        (&span["kind"], &span["status"]["code"]),
        (&json!("client"), &json!("error")),
        "enums are numbers"
    );
    assert_eq!(
        span["dropped"],
        json!({"attributes": 3, "events": 4, "links": 0}),
        "numbers in both forms"
    );
    assert_eq!(span["links"][0]["trace"], hex(0xABC), "digits in either case");
    assert_eq!(
        (&span["start"], &span["duration"]),
        (&json!("1764500000000000000"), &json!(1_000)),
        "times in both forms"
    );
}

#[test]
fn nested_values_are_read_up_to_a_depth() {
    let add = |depth: usize| {
        let (open, close) = ("{\"arrayValue\":{\"values\":[".repeat(depth), "]}}".repeat(depth));
        let span = with_value(&json!("VALUE")).replace("\"VALUE\"", &format!("{open}{{}}{close}"));
        Viewer::default().add_json_line(span.as_bytes())
    };
    add(30).expect("30 levels are read");
    let error = add(100_000).expect_err("a depth that could overflow the stack");
    assert_eq!(
        error.to_string().split(" at ").next(),
        Some("not OTLP/JSON: recursion limit exceeded"),
        "the reason"
    );
}

#[test]
fn invalid_json_is_refused_with_its_place() {
    for (line, expected) in [
        ("", "not OTLP/JSON: EOF while parsing a value at line 1 column 0"),
        ("[]", "not OTLP/JSON: the request is not a JSON object"),
        (
            "{\"resourceSpans\":[{\"scopeSpans\"",
            "not OTLP/JSON: EOF while parsing an object at line 1 column 31",
        ),
    ] {
        let error = Viewer::default().add_json_line(line.as_bytes()).expect_err(line);
        assert_eq!(error.to_string(), expected, "{line}");
    }
    for (field, value) in [
        ("traceId", json!("xyz")),
        ("kind", json!("SPAN_KIND_SERVER")),
        ("kind", json!(1e12)),
        ("startTimeUnixNano", json!("-1")),
        ("startTimeUnixNano", json!(1.5)),
        ("name", json!(5)),
        ("spanId", json!("0a0")),
        ("spanId", json!("é0")),
        ("spanId", json!(10)),
        ("attributes", json!({})),
        ("attributes", json!([{"key": "k", "value": []}])),
        ("attributes", json!([{"key": "k", "value": "v"}])),
        (
            "attributes",
            json!([{"key": "k", "value": {"bytesValue": "***"}}]),
        ),
    ] {
        let line = with_span(&json!({ field: value }));
        let error = Viewer::default()
            .add_json_line(line.as_bytes())
            .expect_err(&line)
            .to_string();
        assert!(error.contains(" at line 1 column "), "{field}={value}: {error}");
    }
}

#[test]
fn line_without_telemetry_says_so() {
    let kind = Viewer::default()
        .add_json_line(b"{\"other\": 1}")
        .expect("an object");
    assert_eq!(kind, LineKind::Empty, "unknown fields are ignored");
}
