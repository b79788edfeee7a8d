//! YAML: the specification's tables of substitution, the core schema, and the bounds.

use serde_json::{Value, json};

use super::{Scalars, parse};
use crate::config::variables::Variables;

/// The environment of the specification's table.
fn variables() -> Variables {
    Variables::new([
        ("STRING_VALUE", "value"),
        ("BOOL_VALUE", "true"),
        ("INT_VALUE", "1"),
        ("FLOAT_VALUE", "1.1"),
        ("HEX_VALUE", "0xdeadbeef"),
        ("INVALID_MAP_VALUE", "value\nkey:value"),
        ("DO_NOT_REPLACE_ME", "Never use this value"),
        ("REPLACE_ME", "${DO_NOT_REPLACE_ME}"),
        ("VALUE_WITH_ESCAPE", "value$$"),
        ("EMPTY", ""),
    ])
}

fn typed(value: &str) -> Result<Value, String> {
    let variables = variables();
    let root = parse(&format!("key: {value}"), Scalars::Typed(&variables))?;
    Ok(root.get("key").cloned().unwrap_or_default())
}

#[test]
fn variables_are_replaced_by_the_table_of_the_specification() {
    for (written, expected) in [
        ("${STRING_VALUE}", json!("value")),
        ("${BOOL_VALUE}", json!(true)),
        ("${INT_VALUE}", json!(1)),
        ("${FLOAT_VALUE}", json!(1.1)),
        ("${HEX_VALUE}", json!(3_735_928_559_u32)),
        ("\"${STRING_VALUE}\"", json!("value")),
        ("\"${BOOL_VALUE}\"", json!("true")),
        ("\"${INT_VALUE}\"", json!("1")),
        ("\"${FLOAT_VALUE}\"", json!("1.1")),
        ("\"${HEX_VALUE}\"", json!("0xdeadbeef")),
        ("${env:STRING_VALUE}", json!("value")),
        ("${INVALID_MAP_VALUE}", json!("value\nkey:value")),
        ("foo ${STRING_VALUE} ${FLOAT_VALUE}", json!("foo value 1.1")),
        ("${UNDEFINED_KEY}", Value::Null),
        ("${EMPTY:-fallback}", json!("fallback")),
        ("${UNDEFINED_KEY:-fallback}", json!("fallback")),
        ("${UNDEFINED_KEY:-1}", json!(1)),
        ("${REPLACE_ME}", json!("${DO_NOT_REPLACE_ME}")),
        ("${UNDEFINED_KEY:-${STRING_VALUE}}", json!("${STRING_VALUE}")),
        ("${VALUE_WITH_ESCAPE}", json!("value$$")),
        ("a $$ b", json!("a $ b")),
        ("a $ b", json!("a $ b")),
        ("$${STRING_VALUE}", json!("${STRING_VALUE}")),
        ("$$${STRING_VALUE}", json!("$value")),
        ("$$$${STRING_VALUE}", json!("$${STRING_VALUE}")),
        ("$${STRING_VALUE:-fallback}", json!("${STRING_VALUE:-fallback}")),
        (
            "$${STRING_VALUE:-${STRING_VALUE}}",
            json!("${STRING_VALUE:-value}"),
        ),
    ] {
        assert_eq!(typed(written), Ok(expected), "{written}");
    }
    for written in [
        "${1A}",
        "${STRING_VALUE:?error}",
        "${}",
        "${ STRING_VALUE }",
        "${STRING_VALUE",
    ] {
        let expected = "there is a malformed reference to a variable: use ${NAME} or ${NAME:-default} at line 1 \
                        column 6";
        assert_eq!(typed(written), Err(expected.to_owned()), "{written}");
    }
    let variables = variables();
    let root = parse("${STRING_VALUE}: 1", Scalars::Typed(&variables)).expect("YAML");
    assert!(root.contains_key("${STRING_VALUE}"), "keys stay: {root:?}");
}

#[test]
fn plain_scalars_have_the_types_of_the_core_schema() {
    for (written, expected) in [
        ("", Value::Null),
        ("~", Value::Null),
        ("NULL", Value::Null),
        ("yes", json!("yes")),
        ("no", json!("no")),
        ("True", json!(true)),
        ("tRUE", json!("tRUE")),
        ("1_000", json!("1_000")),
        ("012", json!(12)),
        ("-3", json!(-3)),
        ("+3", json!(3)),
        ("0o14", json!(12)),
        ("0xZ", json!("0xZ")),
        ("1e3", json!(1000.0)),
        (".5", json!(0.5)),
        ("1.", json!(1.0)),
        (".", json!(".")),
        ("e3", json!("e3")),
        (".inf", json!(".inf")),
        ("18446744073709551616", json!(18_446_744_073_709_551_616.0)),
        ("\"1\"", json!("1")),
        ("'true'", json!("true")),
        ("!!str 1", json!("1")),
        ("!!int 1", json!(1)),
        ("|\n  1\n", json!("1\n")),
        ("[1, \"1\", {a: null}]", json!([1, "1", {"a": null}])),
    ] {
        assert_eq!(typed(written), Ok(expected), "{written:?}");
    }
    let text = parse("version: 1.10\nnone: ~\nquoted: \"~\"", Scalars::Text).expect("YAML");
    let expected = json!({"version": "1.10", "none": null, "quoted": "~"});
    assert_eq!(Value::Object(text), expected, "text only");
}

#[test]
fn documents_are_bounded_and_unambiguous() {
    let deep = "a:\n".to_owned()
        + &(1..100)
            .map(|depth| " ".repeat(depth) + "a:\n")
            .collect::<String>();
    let laughs = (0..20).fold("a0: &a0 [x, x]\n".to_owned(), |text, at| {
        format!("{text}a{}: &a{} [*a{at}, *a{at}, *a{at}]\n", at + 1, at + 1)
    });
    let long = format!("a: &a {}\nb: [{}]", "x".repeat(500_000), "*a, ".repeat(50_000));
    for (text, expected) in [
        (&*long, "there are more than 4194304 bytes of text at line 2"),
        (
            "a: {&key b: 1}\nc: *key",
            "an alias stands for a key, or for a value that contains it at line 2 column 4",
        ),
        (
            "a: &a [*a]",
            "an alias stands for a key, or for a value that contains it at line 1 column 8",
        ),
        (
            deep.as_str(),
            "values are nested more than 64 levels deep at line 66",
        ),
        (&laughs, "there are more than 100000 values at line"),
        (&"a: 1\n".repeat(300_000), "it is longer than 1048576 bytes"),
        (
            "a: 1\nb: 2\na: 3",
            "there are two values of the key \"a\" at line 3 column 1",
        ),
        ("a: 1\n---\nb: 2", "there is more than one document at line 2"),
        ("[a]: 1", "a key is not a text at line 1"),
        (
            "a: !mine 1",
            "a tag of an application is not supported at line 1 column 4",
        ),
        ("- a", "there is a value where a mapping is expected"),
        ("a: [1", "while parsing a flow"),
        ("a: *b", "while parsing node, found unknown anchor at line 1"),
    ] {
        let error = parse(text, Scalars::Text).expect_err(expected);
        assert!(error.starts_with(expected), "{expected}: {error}");
    }
    let anchors = parse("a: &it {b: 1}\nc: *it", Scalars::Text).expect("YAML");
    assert_eq!(
        Value::Object(anchors),
        json!({"a": {"b": "1"}, "c": {"b": "1"}}),
        "an alias"
    );
    for empty in ["", "# nothing", "---\n", "\u{feff}"] {
        assert!(parse(empty, Scalars::Text).expect("YAML").is_empty(), "{empty:?}");
    }
}
