//! Reads JSON as it comes, cut at any byte, in constant memory.
//!
//! A model's answer may be one document of many megabytes or a hundred thousand small ones; of either only a few values
//! matter. So nothing is kept but the path of the value being read: its events go to a [`Visit`].

mod parts;
mod path;
mod scanner;
mod text;

pub use self::parts::number_text;
pub use self::path::Path;
pub use self::scanner::{Malformed, Parser, Scanner, StrictScanner};
pub(crate) use self::text::decode;

/// What a reader does with a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "visitors return one of these three")]
pub enum Take {
    /// Nothing.
    Skip,
    /// Gets it whole, cut off after [`Scanner::MAX_WHOLE_BYTES`] bytes.
    Whole,
    /// Gets it piece by piece, whatever its length.
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
    /// The string, if it is one.
    #[must_use]
    pub fn as_str(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number as a count, if it can be one: an integer from 0 to 10¹².
    ///
    /// What a provider reports beyond that is nonsense and must not spoil a sum.
    #[must_use]
    pub fn as_count(self) -> Option<u64> {
        const MAX_COUNT: u64 = 1_000_000_000_000;
        let Self::Number(digits) = self else {
            return None;
        };
        let digits = digits.strip_suffix(".0").unwrap_or(digits);
        digits.parse().ok().filter(|count| *count <= MAX_COUNT)
    }
}

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
    /// A container begins, whose path is that of its own value. Returns whether its inside is visited. Default: it is.
    fn open(&mut self, _at: &Path, _container: Container) -> bool {
        true
    }

    /// A container whose inside was visited ends. Default: nothing.
    fn close(&mut self, _at: &Path) {}

    /// A piece of a key, of any length. Default: nothing, since the path has its beginning.
    fn key(&mut self, _piece: &str) {}

    /// A string that was taken in pieces ends. Default: nothing.
    fn string_end(&mut self, _at: &Path) {}

    /// A string value begins: what is to be done with it?
    fn string(&mut self, at: &Path) -> Take;

    /// A piece of a string that is taken in pieces.
    fn piece(&mut self, at: &Path, piece: &str);

    /// A whole value.
    fn value(&mut self, at: &Path, value: Scalar<'_>);

    /// A document has ended; an element of an array at the root counts as one.
    fn document(&mut self);
}

#[cfg(test)]
mod tests;
