//! Reads types from JSON values, with errors in plain words.
//!
//! serde's own errors name Rust's types and repeat values, which may be secrets. These say what is accepted,
//! and of what kind the value is. A number is repeated only where a number is expected.

use std::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, Error as _, IntoDeserializer, Unexpected};
use serde::{Deserializer, forward_to_deserialize_any};
use serde_json::Value;

/// A value that is being read.
pub(super) struct Plain(pub(super) Value);

/// What is wrong with a value, and what is accepted.
#[derive(Debug)]
pub(super) struct Problem(String);

impl Problem {
    fn expected(expected: impl fmt::Display, found: &Unexpected<'_>) -> Self {
        Self(format!("expected {expected}, not {}", kind(found)))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}

impl de::Error for Problem {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::expected(plain_words(&expected.to_string()), &found)
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let expected = plain_words(&expected.to_string()).to_owned();
        match found {
            Unexpected::Unsigned(number) => Self(format!("expected {expected}, not {number}")),
            Unexpected::Signed(number) => Self(format!("expected {expected}, not {number}")),
            Unexpected::Float(number) => Self(format!("expected {expected}, not {number}")),
            _ => Self(format!("expected {expected}")),
        }
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self(format!("expected {}", listed(expected, "or")))
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Self(format!("is not a key here; expected {}", listed(expected, "or")))
    }

    fn missing_field(field: &'static str) -> Self {
        Self(format!("the key {field} is missing"))
    }
}

impl<'de> Deserializer<'de> for Plain {
    type Error = Problem;

    fn deserialize_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::String(text) => visitor.visit_string(text),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), _, _) => visitor.visit_u64(number),
                (None, Some(number), _) => visitor.visit_i64(number),
                (None, None, Some(number)) => visitor.visit_f64(number),
                (None, None, None) => Err(Problem::custom("the number is too large")),
            },
            Value::Array(values) => visitor.visit_seq(SeqDeserializer::new(values.into_iter().map(Plain))),
            Value::Object(entries) => {
                let entries = entries.into_iter().map(|(key, value)| (key, Plain(value)));
                visitor.visit_map(MapDeserializer::new(entries))
            }
        }
    }

    fn deserialize_option<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            value => visitor.visit_some(Self(value)),
        }
    }

    fn deserialize_newtype_struct<V: de::Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: de::Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match &self.0 {
            Value::Object(_) => self.deserialize_any(visitor),
            // Without names, the values would be taken in the order of the fields.
            value => {
                let keys = listed(fields, "and");
                let expected = format!(
                    "a map with the {} {keys}",
                    if fields.len() == 1 { "key" } else { "keys" }
                );
                Err(Problem::expected(expected, &unexpected(value)))
            }
        }
    }

    fn deserialize_enum<V: de::Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match self.0 {
            Value::String(text) => visitor.visit_enum(text.into_deserializer()),
            value => Err(Problem::expected(listed(variants, "or"), &unexpected(&value))),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Problem> for Plain {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(value) => Unexpected::Bool(*value),
        Value::Number(_) => Unexpected::Other("a number"),
        Value::String(text) => Unexpected::Str(text),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    }
}

/// Names the kind of a value.
fn kind(found: &Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(true) => "true",
        Unexpected::Bool(false) => "false",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) | Unexpected::Other(_) => {
            "a number"
        }
        Unexpected::Unit | Unexpected::Option => "an empty value",
        Unexpected::Seq => "a list",
        Unexpected::Map => "a map",
        _ => "a text",
    }
}

/// Replaces serde's names of types.
fn plain_words(expected: &str) -> &str {
    match expected {
        "a string" | "path string" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        // Some messages are whole sentences.
        other => other.strip_prefix("expected ").unwrap_or(other),
    }
}

/// Lists names as prose: `a, b or c`.
fn listed(names: &[&str], conjunction: &str) -> String {
    match names {
        [] => "nothing".to_owned(),
        [name] => (*name).to_owned(),
        [names @ .., last] => format!("{} {conjunction} {last}", names.join(", ")),
    }
}
