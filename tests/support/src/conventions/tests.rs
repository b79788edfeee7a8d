//! Whether the check finds what breaks a rule.

use std::panic::catch_unwind;

use opentelemetry::{Array, KeyValue, StringValue, Value};

use super::attributes::Attributes;
use super::rules::{AttributeRule, Requirement, Type};

const RULES: &[AttributeRule] = &[
    ("kind", Type::Text, Requirement::Required),
    ("query", Type::OptionalText, Requirement::Optional),
    ("names", Type::Texts, Requirement::Optional),
    ("count", Type::Int, Requirement::Optional),
    ("seed", Type::SignedInt, Requirement::Optional),
    ("ratio", Type::Double, Requirement::Optional),
    ("stream", Type::Bool, Requirement::Optional),
    ("address", Type::Text, Requirement::Optional),
    ("port", Type::Int, Requirement::With("address")),
    ("peer", Type::Text, Requirement::RequiredWith("status")),
    ("status", Type::Int, Requirement::Optional),
    ("chunk", Type::Double, Requirement::OnlyWith("stream")),
    ("original", Type::Text, Requirement::If("kind", "other")),
    ("error", Type::Text, Requirement::IfFailed),
    ("header.*", Type::Texts, Requirement::Optional),
];
const VALUES: &[(&str, &[&str])] = &[("kind", &["get", "other"])];

type Pair = (&'static str, Value);

fn keeps_to_the_rules(attributes: &[&Pair], failed: Option<bool>) -> bool {
    let attributes: Vec<KeyValue> = attributes
        .iter()
        .map(|(key, value)| KeyValue::new(*key, value.clone()))
        .collect();
    let check = || {
        let attributes: Attributes<'_> = attributes.iter().collect();
        attributes.check("case", &[RULES], VALUES, failed);
    };
    catch_unwind(check).is_ok()
}

fn strings(strings: &[&'static str]) -> Value {
    let strings = strings.iter().map(|text| StringValue::from(*text)).collect();
    Value::Array(Array::String(strings))
}

#[test]
fn what_breaks_a_rule_is_found() {
    let pair = |key: &'static str, value: &'static str| (key, Value::from(value));
    let (get, other) = (pair("kind", "get"), pair("kind", "other"));
    let cases: [(&str, bool, &[Pair]); 21] = [
        ("nothing else", true, &[]),
        ("a key twice", false, &[pair("kind", "get")]),
        ("a key in no table", false, &[("unknown", 1.into())]),
        ("any text", true, &[pair("query", "")]),
        ("strings", true, &[("names", strings(&["a"]))]),
        ("no strings", false, &[("names", strings(&[]))]),
        ("a negative count", false, &[("count", (-1).into())]),
        ("a negative seed", true, &[("seed", (-1).into())]),
        ("a double", true, &[("ratio", 0.5.into())]),
        ("an int for a double", false, &[("ratio", 1.into())]),
        ("a text for an int", false, &[pair("count", "1")]),
        ("a port without an address", false, &[("port", 1.into())]),
        ("an address without a port", false, &[pair("address", "a")]),
        ("both", true, &[pair("address", "a"), ("port", 1.into())]),
        ("a peer without a status", true, &[pair("peer", "a")]),
        ("a status without a peer", false, &[("status", 200.into())]),
        ("a chunk without a stream", false, &[("chunk", 0.5.into())]),
        ("a stream without a chunk", true, &[("stream", true.into())]),
        ("an original of no other", false, &[pair("original", "a")]),
        ("an error without a failure", false, &[pair("error", "a")]),
        ("a header", true, &[("header.x", strings(&["a"]))]),
    ];
    for (case, expected, more) in &cases {
        let all: Vec<&Pair> = [&get].into_iter().chain(*more).collect();
        assert_eq!(keeps_to_the_rules(&all, Some(false)), *expected, "{case}");
    }
    let (original, error) = (pair("original", "a"), pair("error", "a"));
    let cases: [(&str, bool, &[&Pair], Option<bool>); 9] = [
        ("a required key is missing", false, &[], None),
        (
            "an empty text",
            false,
            &[&get, &pair("address", ""), &("port", 1.into())],
            None,
        ),
        (
            "a value that is not in the table",
            false,
            &[&pair("kind", "put")],
            None,
        ),
        ("another without an original", false, &[&other], None),
        ("another with its original", true, &[&other, &original], None),
        ("a failure without its error", false, &[&get], Some(true)),
        ("a failure with its error", true, &[&get, &error], Some(true)),
        ("a metric of a failure", true, &[&get, &error], None),
        ("a metric of a success", true, &[&get], None),
    ];
    for (case, expected, all, failed) in &cases {
        assert_eq!(keeps_to_the_rules(all, *failed), *expected, "{case}");
    }
}
