//! Parses JSON, and refuses a key that an object has twice, of which `serde_json` would take the last.

use std::fmt;

use serde_core::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Parses an object. The error contains the position, and no value, which may be a secret.
pub(super) fn parse(text: &str) -> Result<Map<String, Value>, String> {
    let mut parser = serde_json::Deserializer::from_str(text);
    let root = Member::default();
    let parsed = match (&mut parser).deserialize_map(root) {
        Ok(parsed) => parser.end().map(|()| parsed),
        Err(error) => Err(error),
    };
    match parsed.map_err(|error| message(&error, text))? {
        Value::Object(object) => Ok(object),
        _ => Ok(Map::new()),
    }
}

fn message(error: &serde_json::Error, text: &str) -> String {
    let why = error.to_string();
    if why.starts_with(TWICE) {
        return why;
    }
    if error.is_data() {
        return format!("not an object at line {} column {}", error.line(), error.column());
    }
    if is_comment(text, error.line(), error.column()) {
        return format!("{why}: JSON has no comments, but TOML and YAML have them");
    }
    why
}

/// Whether there is a comment of another format at a position, which counts from 1.
fn is_comment(text: &str, line: usize, column: usize) -> bool {
    let line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let rest = line
        .get(column.saturating_sub(1)..)
        .unwrap_or_default()
        .trim_start();
    ["//", "/*", "#"].iter().any(|mark| rest.starts_with(mark))
}

/// A value, and the path to it.
#[derive(Debug, Default)]
struct Member {
    path: String,
}

impl<'de> DeserializeSeed<'de> for Member {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Value, D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Member {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let path = format!("{}[{}]", self.path, list.len());
            match items.next_element_seed(Self { path })? {
                Some(item) => list.push(item),
                None => return Ok(list.into()),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let path = match &*self.path {
                "" => key.clone(),
                path => format!("{path}.{key}"),
            };
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!("{TWICE}{path:?}")));
            }
            object.insert(key, members.next_value_seed(Self { path })?);
        }
        Ok(object.into())
    }
}

const TWICE: &str = "there are two values of the key ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_with_unique_keys_are_parsed() {
        let text = r#"{"a": {"b": [1, -2, 0.5, {"c": null}], "c": true}, "b": "text"}"#;
        let expected: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(
            parse(text).map(Value::Object),
            Ok(expected),
            "every kind of value"
        );
        for (text, expected) in [
            (
                r#"{"a": 1, "a": 2}"#,
                r#"there are two values of the key "a" at line 1 column 12"#,
            ),
            (
                r#"{"a": [{"b": {"c": 1, "c": 1}}]}"#,
                r#"there are two values of the key "a[0].b.c" at line 1 column 25"#,
            ),
            ("[]", "not an object at line 1 column 0"),
            ("\"SECRET\"", "not an object at line 1 column 8"),
            ("{} {}", "trailing characters at line 1 column 4"),
            (
                "{\n  // on\n  \"a\": 1}",
                "key must be a string at line 2 column 3: JSON has no comments, but TOML and YAML have them",
            ),
            (
                "{\"a\": # on\n 1}",
                "expected value at line 1 column 7: JSON has no comments, but TOML and YAML have them",
            ),
            (
                "{\"a\": 1 /* on */}",
                "expected `,` or `}` at line 1 column 9: JSON has no comments, but TOML and YAML have them",
            ),
            ("{\"a\": 1", "EOF while parsing an object at line 1 column 7"),
        ] {
            assert_eq!(parse(text), Err(expected.to_owned()), "{text}");
        }
    }
}
