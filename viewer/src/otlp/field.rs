//! Readers of the fields of OTLP/JSON. Absent and `null` fields have their default.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

pub(super) fn optional<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

/// A list whose elements are objects; `null` is an empty list, and a `null` element an empty object.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    let items: Option<Vec<Option<T>>> = Option::deserialize(deserializer)?;
    Ok(items
        .unwrap_or_default()
        .into_iter()
        .map(Option::unwrap_or_default)
        .collect())
}

pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

pub(super) fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

pub(super) fn integer<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128> + Default,
{
    let number: Option<Integer<T>> = Option::deserialize(deserializer)?;
    Ok(number.map(|Integer(number)| number).unwrap_or_default())
}

pub(super) fn hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let bytes: Option<Hex> = Option::deserialize(deserializer)?;
    Ok(bytes.map(|Hex(bytes)| bytes).unwrap_or_default())
}

/// Bytes as hexadecimal digits in either case.
#[derive(Debug)]
struct Hex(Vec<u8>);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(HexVisitor)
    }
}

#[derive(Debug)]
struct HexVisitor;

impl Visitor<'_> for HexVisitor {
    type Value = Hex;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hexadecimal digits")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Hex, E> {
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let byte = |pair: &[u8]| match pair {
            [high, low] => u8::try_from(digit(*high)? << 4 | digit(*low)?).ok(),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(byte).collect();
        bytes
            .map(Hex)
            .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

/// An integer as a number or a string, also in the form `1.0` or `1e3`.
#[derive(Debug)]
pub(super) struct Integer<T>(pub(super) T);

impl<'de, T: TryFrom<i128>> Deserialize<'de> for Integer<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = deserializer.deserialize_any(NumberVisitor)?;
        let integer = match number {
            Number::Integer(integer) => Some(integer),
            Number::Float(float) if float.fract() == 0.0 && float.abs() < 1.8e19 => Some(float as i128),
            Number::Float(_) => None,
        };
        let integer = integer.and_then(|integer| T::try_from(integer).ok());
        integer
            .map(Self)
            .ok_or_else(|| de::Error::custom("the number is not a whole number in the range of its field"))
    }
}

/// A float as a number or a string, also `NaN`, `Infinity` and `-Infinity`.
#[derive(Debug)]
pub(super) struct Double(pub(super) f64);

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match deserializer.deserialize_any(NumberVisitor)? {
            Number::Integer(integer) => integer as f64,
            Number::Float(float) => float,
        }))
    }
}

#[derive(Debug)]
enum Number {
    Integer(i128),
    Float(f64),
}

#[derive(Debug)]
struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or a number in a string")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Number, E> {
        Ok(Number::Integer(number.into()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Number, E> {
        Ok(Number::Integer(number.into()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Number, E> {
        Ok(Number::Float(number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
        // `i64` alone first: times are strings, and its division by ten is much faster than that of `i128`.
        if let Ok(number) = text.parse::<i64>() {
            return Ok(Number::Integer(number.into()));
        }
        // Rust's `parse` also accepts `inf` and `nan` in any case, which includes the forms of protobuf.
        let float = || text.parse().map(Number::Float);
        text.parse()
            .map(Number::Integer)
            .or_else(|_| float())
            .map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

/// Bytes as base64: both alphabets, with or without padding.
#[derive(Debug)]
pub(super) struct Base64(pub(super) Vec<u8>);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let alphabet = if text.contains(['-', '_']) {
            URL_SAFE
        } else {
            STANDARD
        };
        let decoded = GeneralPurpose::new(&alphabet, config).decode(&text);
        decoded
            .map(Self)
            .map_err(|error| de::Error::custom(format!("bytesValue is not base64: {error}")))
    }
}
