//! Validation of text and numbers, and text of bounded length.

use crate::cut;

/// Returns the bytes up to the first invalid UTF-8.
pub(super) fn valid(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_else(|error| {
        let valid = bytes.get(..error.valid_up_to());
        valid
            .and_then(|valid| std::str::from_utf8(valid).ok())
            .unwrap_or_default()
    })
}

/// Returns whether a word is a number by JSON's grammar.
pub(super) fn is_number(word: &str) -> bool {
    fn digits(text: &str) -> Option<&str> {
        let rest = text.trim_start_matches(|digit: char| digit.is_ascii_digit());
        (rest.len() < text.len()).then_some(rest)
    }
    fn fraction(text: &str) -> Option<&str> {
        text.strip_prefix('.').map_or(Some(text), digits)
    }
    fn exponent(text: &str) -> Option<&str> {
        match text.strip_prefix(['e', 'E']) {
            Some(power) => digits(power.strip_prefix(['+', '-']).unwrap_or(power)),
            None => Some(text),
        }
    }
    let word = word.strip_prefix('-').unwrap_or(word);
    let integer = word.strip_prefix('0').or_else(|| digits(word));
    integer.and_then(fraction).and_then(exponent) == Some("")
}

/// Appends `piece`, cut at a character boundary so that `text` has at most `limit` bytes.
pub(super) fn push_up_to(text: &mut String, piece: &str, limit: usize) {
    text.push_str(cut::at_char_boundary(piece, limit.saturating_sub(text.len())));
}

/// Returns a number as serde_json writes it.
#[must_use]
pub fn number_text(digits: &str) -> String {
    let number: Option<serde_json::Number> = serde_json::from_str(digits).ok();
    number.map_or_else(|| digits.to_owned(), |number| number.to_string())
}
