//! The inside of a string: UTF-8 and escapes, cut at any byte.

use memchr::memchr2;

/// Decodes the inside of a string into pieces; invalid UTF-8 and lone surrogates become U+FFFD.
#[derive(Debug, Default)]
pub(super) struct StringDecoder {
    escape: Escape,
    /// A high surrogate that waits for its low one.
    high: Option<u32>,
    /// The beginning of a character whose other bytes have not come.
    partial: Vec<u8>,
    /// Something was not valid in a JSON string, and was replaced or skipped.
    flawed: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    None,
    Begun,
    Unicode {
        digits: u8,
        value: u32,
    },
}

/// Decodes the whole inside of a string.
pub(crate) fn decode(inside: &[u8], emit: &mut impl FnMut(&str)) {
    match std::str::from_utf8(inside) {
        // Most texts are short, for which this is faster than a search by vectors.
        Ok(text) if !inside.contains(&b'\\') => {
            if !text.is_empty() {
                emit(text);
            }
        }
        _ => {
            let mut text = StringDecoder::default();
            text.feed::<false>(inside, false, emit);
            text.feed::<false>(b"\"", false, emit);
        }
    }
}

impl StringDecoder {
    /// Reads up to the closing quote. Returns the bytes after it, or `None` if the string goes on.
    ///
    /// Pieces go to `emit`, unless `skip` is set. With `STRICT`, control characters are flaws.
    pub(super) fn feed<'a, const STRICT: bool>(
        &mut self,
        mut bytes: &'a [u8],
        skip: bool,
        emit: &mut impl FnMut(&str),
    ) -> Option<&'a [u8]> {
        while let [byte, rest @ ..] = bytes {
            if self.escape != Escape::None {
                self.escaped(*byte, emit);
                bytes = rest;
                continue;
            }
            let stop = quote_or_escape(bytes);
            let (run, rest) = bytes.split_at_checked(stop.unwrap_or(bytes.len()))?;
            if !run.is_empty() {
                self.flawed |= STRICT && has_control(run);
                self.lone_surrogate(emit);
                if !skip {
                    self.plain(run, emit);
                }
            }
            let [delimiter, rest @ ..] = rest else {
                return None;
            };
            bytes = rest;
            if *delimiter == b'"' {
                self.lone_surrogate(emit);
                self.broken_character(emit);
                return Some(bytes);
            }
            self.broken_character(emit);
            self.escape = Escape::Begun;
        }
        None
    }

    /// Returns the length of the rest of a string that ends in `bytes` and has no escape.
    pub(super) fn plain_to_end<const STRICT: bool>(&self, bytes: &[u8]) -> Option<usize> {
        if self.escape != Escape::None || self.high.is_some() || !self.partial.is_empty() {
            return None;
        }
        let end = quote_or_escape(bytes)?;
        let is_plain = bytes.get(end) == Some(&b'"') && !(STRICT && has_control(bytes.get(..end)?));
        is_plain.then_some(end)
    }

    /// Returns whether something was not valid in a JSON string.
    pub(super) fn is_flawed(&self) -> bool {
        self.flawed
    }

    fn escaped(&mut self, byte: u8, emit: &mut impl FnMut(&str)) {
        let plain = match (self.escape, byte) {
            (Escape::Unicode { digits, value }, _) => {
                let Some(digit) = char::from(byte).to_digit(16) else {
                    self.escape = Escape::None;
                    self.flawed = true;
                    return emit(REPLACEMENT);
                };
                let value = value * 16 + digit;
                if digits == 3 {
                    self.escape = Escape::None;
                    self.unit(value, emit);
                } else {
                    self.escape = Escape::Unicode {
                        digits: digits + 1,
                        value,
                    };
                }
                return;
            }
            (_, b'u') => {
                self.escape = Escape::Unicode { digits: 0, value: 0 };
                return;
            }
            (_, b'n') => "\n",
            (_, b't') => "\t",
            (_, b'r') => "\r",
            (_, b'b') => "\u{8}",
            (_, b'f') => "\u{c}",
            (_, b'"') => "\"",
            (_, b'\\') => "\\",
            (_, b'/') => "/",
            _ => {
                self.flawed = true;
                REPLACEMENT
            }
        };
        self.escape = Escape::None;
        self.lone_surrogate(emit);
        emit(plain);
    }

    /// Decodes a UTF-16 unit written as `\uXXXX`.
    fn unit(&mut self, unit: u32, emit: &mut impl FnMut(&str)) {
        let high = self.high.take();
        let character = match (high, unit) {
            (Some(high), 0xDC00..=0xDFFF) => {
                char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (unit - 0xDC00))
            }
            (_, 0xD800..=0xDBFF) => {
                self.high = Some(unit);
                if high.is_some() {
                    self.flawed = true;
                    emit(REPLACEMENT);
                }
                return;
            }
            _ => {
                self.flawed |= high.is_some() || matches!(unit, 0xDC00..=0xDFFF);
                if high.is_some() {
                    emit(REPLACEMENT);
                }
                char::from_u32(unit)
            }
        };
        emit(
            character
                .unwrap_or(char::REPLACEMENT_CHARACTER)
                .encode_utf8(&mut [0; 4]),
        );
    }

    fn plain(&mut self, mut bytes: &[u8], emit: &mut impl FnMut(&str)) {
        while let ([byte, rest @ ..], false) = (bytes, self.partial.is_empty()) {
            self.partial.push(*byte);
            match std::str::from_utf8(&self.partial) {
                Ok(character) => emit(character),
                Err(error) if error.error_len().is_none() => {
                    bytes = rest;
                    continue;
                }
                Err(_) => {
                    self.partial.clear();
                    emit(REPLACEMENT);
                    break;
                }
            }
            self.partial.clear();
            bytes = rest;
        }
        if let Ok(text) = std::str::from_utf8(bytes) {
            if !text.is_empty() {
                emit(text);
            }
            return;
        }
        let mut remaining = bytes.len();
        for chunk in bytes.utf8_chunks() {
            remaining = remaining.saturating_sub(chunk.valid().len() + chunk.invalid().len());
            if !chunk.valid().is_empty() {
                emit(chunk.valid());
            }
            match std::str::from_utf8(chunk.invalid()) {
                Err(error) if remaining == 0 && error.error_len().is_none() => {
                    self.partial.extend_from_slice(chunk.invalid());
                }
                Err(_) => emit(REPLACEMENT),
                Ok(_) => {}
            }
        }
    }

    fn lone_surrogate(&mut self, emit: &mut impl FnMut(&str)) {
        if self.high.take().is_some() {
            self.flawed = true;
            emit(REPLACEMENT);
        }
    }

    fn broken_character(&mut self, emit: &mut impl FnMut(&str)) {
        if !self.partial.is_empty() {
            self.partial.clear();
            emit(REPLACEMENT);
        }
    }

    pub(super) fn reset(&mut self) {
        self.escape = Escape::None;
        self.high = None;
        self.partial.clear();
        self.flawed = false;
    }
}

/// Returns the position of the first quote or backslash.
///
/// Nearly all keys and many values are shorter than a search by vectors is worth, so the first bytes are looked at in
/// words of eight: the lowest high bit that is set is that of the first byte that equals one of the two.
#[inline]
fn quote_or_escape(bytes: &[u8]) -> Option<usize> {
    const LOW: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    let has_zero = |word: u64| word.wrapping_sub(LOW) & !word & HIGH;
    let mut rest = bytes;
    for _ in 0..SHORT_STRING_WORDS {
        let Some((word, behind)) = rest.split_first_chunk() else {
            break;
        };
        let word = u64::from_le_bytes(*word);
        let found = has_zero(word ^ (LOW * u64::from(b'"'))) | has_zero(word ^ (LOW * u64::from(b'\\')));
        if found != 0 {
            return Some(bytes.len() - rest.len() + found.trailing_zeros() as usize / 8);
        }
        rest = behind;
    }
    Some(bytes.len() - rest.len() + memchr2(b'"', b'\\', rest)?)
}

/// The number of words of eight bytes after which the search by vectors begins.
const SHORT_STRING_WORDS: usize = 4;

/// Returns whether the bytes contain a control character. Unlike a search, a minimum is compiled to vector
/// instructions.
fn has_control(bytes: &[u8]) -> bool {
    bytes.iter().fold(u8::MAX, |least, byte| least.min(*byte)) < b' '
}

const REPLACEMENT: &str = "\u{FFFD}";
