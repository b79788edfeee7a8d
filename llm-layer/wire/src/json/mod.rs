//! Reads JSON incrementally, cut at any byte, in constant memory.
//!
//! A model's answer may be one document of many megabytes or a hundred thousand small ones, and only a few
//! values of it matter. So no tree is built: a [`Scanner`] stores the path of the current value only, and
//! passes values to a [`Visit`].

mod parts;
mod path;
mod scanner;
mod text;

pub use self::parts::number_text;
pub use self::path::Path;
pub use self::scanner::{Malformed, Parser, Scanner, StrictScanner};
pub(crate) use self::text::decode;

/// How a visitor takes a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "visitors return one of these three")]
pub enum Take {
    /// The string is skipped.
    Skip,
    /// The string is passed to [`Visit::value`], cut after [`Scanner::MAX_WHOLE_BYTES`] bytes.
    Whole,
    /// The string is passed to [`Visit::piece`] in pieces, whatever its length.
    Pieces,
}

/// A value that is neither an object nor an array.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "JSON has no other values")]
pub enum Scalar<'a> {
    /// A string, unescaped.
    Text(&'a str),
    /// A number as it is written.
    Number(&'a str),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
}

impl<'a> Scalar<'a> {
    /// Returns the string, if it is one.
    #[must_use]
    pub fn as_str(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the value as a count, if it is a number from 0 to 10¹², or a string of one. A fraction is cut:
    /// some gateways weight counts by cost.
    ///
    /// Larger numbers are errors of the provider and must not distort sums.
    #[must_use]
    pub fn as_count(self) -> Option<u64> {
        let (Self::Number(digits) | Self::Text(digits)) = self else {
            return None;
        };
        // One pass over the bytes: every number of an event comes here.
        let mut count = 0;
        for (index, byte) in digits.bytes().enumerate() {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return if index == 0 { None } else { fraction(digits) };
            }
            count = count * 10 + u64::from(digit);
            if count > MAX_COUNT {
                return None;
            }
        }
        (!digits.is_empty()).then_some(count)
    }
}

/// The integer part of a number that has a fraction or an exponent.
fn fraction(digits: &str) -> Option<u64> {
    let is_number = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    let number: f64 = digits.parse().ok().filter(|_| is_number)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "the number is between 0 and 10¹²"
    )]
    (0.0..=MAX_COUNT as f64)
        .contains(&number)
        .then_some(number as u64)
}

/// The largest count that is believed.
const MAX_COUNT: u64 = 1_000_000_000_000;

/// A value that holds others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "JSON has no third container")]
pub enum Container {
    /// An object.
    Object,
    /// An array.
    Array,
}

/// Receives what a [`Scanner`] reads.
pub trait Visit {
    /// A container begins at the path `at`. Returns whether its inside is visited. Default: `true`.
    fn open(&mut self, _at: &Path, _container: Container) -> bool {
        true
    }

    /// An object or an array begins that is a member of the root, at the path `at`. Returns whether it is an
    /// envelope: what it holds is then visited as if it were the root. Not called for a
    /// [strict](StrictScanner) document. Default: `false`.
    fn is_envelope(&mut self, _at: &Path) -> bool {
        false
    }

    /// A container whose inside was visited ends. Default: no effect.
    fn close(&mut self, _at: &Path) {}

    /// Receives a piece of a key, of any length. Default: no effect, since the path has the beginning of the
    /// key.
    fn key(&mut self, _piece: &str) {}

    /// A string that was taken in pieces ends. Default: no effect.
    fn string_end(&mut self, _at: &Path) {}

    /// A string value begins. Returns how it is taken.
    fn string(&mut self, at: &Path) -> Take;

    /// Receives a piece of a string that is taken in pieces.
    fn piece(&mut self, at: &Path, piece: &str);

    /// Receives a whole value.
    fn value(&mut self, at: &Path, value: Scalar<'_>);

    /// A document has ended; an element of an array at the root counts as one.
    fn document(&mut self);
}

#[cfg(test)]
mod tests;
