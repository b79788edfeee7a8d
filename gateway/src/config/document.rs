//! A file as it was written: its text, its values, and the lines of its keys.

use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::ConfigError;

/// The formats of files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Yaml,
    Toml,
    Json,
}

/// The text of a configuration, by which errors name a line.
#[derive(Clone)]
pub(super) struct Document {
    format: Format,
    text: String,
    file: Option<PathBuf>,
}

impl Document {
    pub(super) fn new(format: Format, text: String, file: Option<&Path>) -> Self {
        Self {
            format,
            text,
            file: file.map(Path::to_owned),
        }
    }

    /// Reads the values.
    pub(super) fn parse(&self) -> Result<Value, ConfigError> {
        let Unique(value) = self.read(PhantomData::<Unique>).map_err(|(line, message)| {
            let name = match self.format {
                Format::Yaml => "YAML",
                Format::Toml => "TOML",
                Format::Json => "JSON",
            };
            let message = format!("is not valid {name}: {}", without_values(&message));
            self.with_line(ConfigError::new("", message), line)
        })?;
        Ok(value)
    }

    /// Adds the file, and the line of the place of an error: of the place itself, or of the innermost map or list around it
    /// that is in the file.
    pub(super) fn locate(&self, error: ConfigError) -> ConfigError {
        let place = error.place().to_owned();
        let mut place = &*place;
        let mut line = None;
        while !place.is_empty() && line.is_none() {
            let found = self.read(Locate(place));
            line = found.err().and_then(|(line, _)| line);
            place = place
                .rfind(['.', '['])
                .and_then(|end| place.get(..end))
                .unwrap_or_default();
        }
        self.with_line(error, line)
    }

    /// Reads the text with `seed`. An error has the line, and the parser's message.
    fn read<'de, S: DeserializeSeed<'de>>(&'de self, seed: S) -> Result<S::Value, (Option<usize>, String)> {
        match self.format {
            Format::Yaml => {
                let read = seed.deserialize(yaml_serde::Deserializer::from_str(&self.text));
                read.map_err(|error| (error.location().map(|at| at.line()), error.to_string()))
            }
            Format::Toml => {
                let read = toml::Deserializer::parse(&self.text)
                    .and_then(|deserializer| seed.deserialize(deserializer));
                read.map_err(|error| {
                    let before = error.span().and_then(|span| self.text.get(..span.start));
                    let line = before.map(|before| before.matches('\n').count() + 1);
                    (line, error.message().to_owned())
                })
            }
            Format::Json => {
                let mut deserializer = serde_json::Deserializer::from_str(&self.text);
                let read = seed.deserialize(&mut deserializer);
                let read = read.and_then(|value| deserializer.end().map(|()| value));
                read.map_err(|error| (Some(error.line()).filter(|line| *line > 0), error.to_string()))
            }
        }
    }

    fn with_line(&self, error: ConfigError, line: Option<usize>) -> ConfigError {
        error.at(self.file.as_deref(), line)
    }
}

/// Omits the text.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

/// A value, none of whose maps has a key twice. The first would be ignored.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a number, true, false, a list or a map")
            }

            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }

            fn visit_none<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
                deserializer.deserialize_any(self)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(value.into())
            }

            fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
                Ok(number.into())
            }

            fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
                Ok(number.into())
            }

            // No key accepts a number of this size, and its exact digits are of no use to an error.
            fn visit_u128<E: de::Error>(self, number: u128) -> Result<Value, E> {
                self.visit_f64(number as f64)
            }

            fn visit_i128<E: de::Error>(self, number: i128) -> Result<Value, E> {
                self.visit_f64(number as f64)
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Value, E> {
                let number = serde_json::Number::from_f64(number);
                number
                    .map(Value::Number)
                    .ok_or_else(|| E::custom("expected a finite number"))
            }

            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(text.into())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
                let mut values = Vec::new();
                while let Some(Unique(value)) = list.next_element()? {
                    values.push(value);
                }
                Ok(Value::Array(values))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                let mut entries = Map::new();
                while let Some(key) = map.next_key_seed(NewKey(&entries))? {
                    let Unique(value) = map.next_value()?;
                    entries.insert(key, value);
                }
                Ok(Value::Object(entries))
            }
        }
        deserializer.deserialize_any(Visitor).map(Self)
    }
}

/// Reads a key that a map does not have yet.
struct NewKey<'a>(&'a Map<String, Value>);

impl<'de> DeserializeSeed<'de> for NewKey<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

// A parser adds the line of the key only to errors of the visitor.
impl de::Visitor<'_> for NewKey<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text as a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<String, E> {
        match self.0.contains_key(key) {
            true => Err(E::custom(format!("the key {key} is there twice"))),
            false => Ok(key.to_owned()),
        }
    }
}

/// Walks to a place such as `providers[0].base_url`, and fails there: the parser adds the line to the error.
#[derive(Clone, Copy)]
struct Locate<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Locate<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        // Any other value than a map or a list is an error too, and at the place.
        deserializer.deserialize_any(self)
    }
}

impl<'de> de::Visitor<'de> for Locate<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.0.is_empty() {
            return Err(de::Error::custom("here"));
        }
        let place = self.0.strip_prefix('.').unwrap_or(self.0);
        while let Some(rest) = map.next_key_seed(LocateKey(place))? {
            match rest {
                Some(rest) => map.next_value_seed(Locate(rest))?,
                None => map.next_value::<IgnoredAny>().map(|_| ())?,
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let index = self.0.strip_prefix('[').and_then(|place| place.split_once(']'));
        let Some((index, rest)) = index else {
            return Err(de::Error::custom("here"));
        };
        for at in 0_usize.. {
            let found = match at.to_string() == index {
                true => list.next_element_seed(Locate(rest))?,
                false => list.next_element::<IgnoredAny>()?.map(|_| ()),
            };
            if found.is_none() {
                break;
            }
        }
        Ok(())
    }
}

/// Reads a key: the rest of the place if the key is the first of it. Fails at the key if there is no rest.
struct LocateKey<'a>(&'a str);

impl<'de, 'a> DeserializeSeed<'de> for LocateKey<'a> {
    type Value = Option<&'a str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<&'a str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> de::Visitor<'_> for LocateKey<'a> {
    type Value = Option<&'a str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Option<&'a str>, E> {
        // Keys may have dots.
        match self.0.strip_prefix(key) {
            Some("") => Err(E::custom("here")),
            Some(rest) if rest.starts_with(['.', '[']) => Ok(Some(rest)),
            _ => Ok(None),
        }
    }
}

/// Removes the value that a message of a parser names, with Rust's type, before what is expected. It may be a secret.
fn without_values(message: &str) -> String {
    let kinds = ["invalid type: ", "invalid value: "].into_iter();
    let found = kinds.filter_map(|kind| message.find(kind)).min();
    // The value may have the same words.
    let expected = message.rfind(", expected ");
    match found
        .zip(expected)
        .and_then(|(start, end)| Some((message.get(..start)?, message.get(end + 2..)?)))
    {
        Some((before, after)) => format!("{before}{after}"),
        None => message.to_owned(),
    }
}
