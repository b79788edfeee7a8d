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
    let text: Option<String> = Option::deserialize(deserializer)?;
    let text = text.unwrap_or_default();
    let invalid = || de::Error::invalid_value(de::Unexpected::Str(&text), &"hexadecimal digits");
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits
        .filter(|digits| digits.len().is_multiple_of(2))
        .ok_or_else(invalid)?;
    let byte = |pair: &[u32]| pair.iter().fold(0_u8, |byte, digit| byte << 4 | *digit as u8);
    Ok(digits.chunks(2).map(byte).collect())
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
