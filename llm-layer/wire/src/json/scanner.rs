//! The push parser: a state machine over bytes.
//!
//! `state` says what may come next, `levels` holds the open containers, and `path` is the place of the next
//! value. A byte is handled once, by one of three functions: `string` inside a string, `word` inside a number
//! or a literal, and `punctuation` for everything else. What nearly always follows, a colon behind a key and a key
//! behind a comma, is handled along with it. The parser never looks back, so that input may be cut
//! at any byte. All it stores between two calls of `feed` is a path, a key or a short value, each bounded by
//! a constant.
//!
//! Most bytes of a body are in strings. So a string that begins and ends in one input and has no escape takes
//! a fast path (`plain_to_end`, `plain_string`): one `memchr`, and the visitor gets a slice of the input. The
//! UTF-8 check runs once for each input and not for each string.

use std::error::Error;
use std::fmt;

use super::parts::{is_number, push_up_to, valid};
use super::text::StringDecoder;
use super::{Container, Path, Scalar, Take, Visit};
use crate::cut;

/// A JSON parser that is fed with bytes, cut anywhere, and uses bounded memory.
///
/// A [`Scanner`] reads streams: documents may follow one another, with white space between them (NDJSON), or
/// as elements of an array at the root. It is lenient: it accepts control characters in strings, and numbers
/// in any notation.
///
/// A [`StrictScanner`] reads one document, such as a request body. It accepts what serde_json accepts, except
/// that numbers may have any size, and its visitors may decline the inside of a container. Strictness is a
/// constant parameter because checking it at run time costs 4 % of an event.
#[derive(Debug)]
pub struct Parser<const STRICT: bool> {
    state: State,
    levels: Vec<Level>,
    path: Path,
    text: StringDecoder,
    take: Option<Take>,
    /// The key, word or whole string being read.
    scratch: String,
    /// The number of open levels when a visitor declined the inside of a container, including that container;
    /// 0 if no container is declined. The inside is checked, but not visited.
    muted: usize,
    /// The word is longer than [`Scanner::MAX_WORD_BYTES`], so that its value is not visited.
    is_word_cut: bool,
    /// The beginning of a character that the end of the last input cut, for the UTF-8 check.
    partial: Vec<u8>,
}

/// Reads streams of documents.
pub type Scanner = Parser<false>;

/// Reads one document.
pub type StrictScanner = Parser<true>;

/// The error for a document that breaks the grammar or a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "those who read a format in JSON return it too"
)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the document is not valid JSON")
    }
}

impl Error for Malformed {}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// Between documents.
    #[default]
    Between,
    Value,
    FirstValue,
    Key,
    FirstKey,
    Colon,
    /// After a value: a comma or the end of the level.
    Next,
    /// In a key (`take` is `None`) or a string.
    Text,
    /// In a number, `true`, `false` or `null`.
    Word,
    /// After the only document.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// An object and the length of its path.
    Object(u32),
    /// An array and the length of the path before its brackets.
    Array(u32),
    /// An array whose elements are documents.
    Root,
    /// An array that is an envelope: its elements have the path of the root.
    Envelope,
}

/// The bytes that are read at once.
#[derive(Debug, Clone, Copy)]
struct Input<'a> {
    /// Up to the first invalid UTF-8.
    valid: &'a str,
    /// The number of all of them.
    length: usize,
}

impl<'a> Input<'a> {
    /// Returns the first `end` bytes of `rest`, which is what was not read yet, if they are valid.
    fn text(self, rest: &[u8], end: usize) -> Option<&'a str> {
        let at = self.length - rest.len();
        self.valid.get(at..at + end)
    }
}

/// What a byte outside of strings may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Space,
    /// A number or a literal. All but the first byte may also be others.
    Word,
    Quote,
    Other,
}

impl Class {
    #[expect(clippy::indexing_slicing, reason = "it is evaluated when compiled")]
    const ALL: [Self; 256] = {
        let mut all = [Self::Other; 256];
        let mut byte = 0;
        while byte < 256 {
            all[byte] = match byte as u8 {
                b' ' | b'\t' | b'\n' | b'\r' => Self::Space,
                b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' => Self::Word,
                b'"' => Self::Quote,
                _ => Self::Other,
            };
            byte += 1;
        }
        all
    };

    fn from_byte(byte: u8) -> Self {
        Self::ALL.get(usize::from(byte)).copied().unwrap_or(Self::Other)
    }
}

impl StrictScanner {
    /// Creates a scanner of one document.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl<const STRICT: bool> Default for Parser<STRICT> {
    fn default() -> Self {
        Self {
            state: State::default(),
            // Enough for an ordinary document: growing costs more than the capacity.
            levels: Vec::with_capacity(8),
            path: Path::with_capacity(64),
            text: StringDecoder::default(),
            take: None,
            scratch: String::new(),
            muted: 0,
            is_word_cut: false,
            partial: Vec::new(),
        }
    }
}

impl<const STRICT: bool> Parser<STRICT> {
    /// The maximum number of bytes stored of a string that is taken whole.
    pub const MAX_WHOLE_BYTES: usize = 1024;
    /// The maximum number of bytes stored of a key. A longer key matches nothing.
    pub(super) const MAX_KEY_BYTES: usize = 64;
    /// The maximum number of bytes stored of a key of a [strict](StrictScanner) document.
    pub(super) const MAX_STRICT_KEY_BYTES: usize = 256;
    /// The maximum length of a number in bytes.
    const MAX_WORD_BYTES: usize = 64;
    /// The depth from which on containers are checked, but not visited.
    const MAX_VISITED_DEPTH: usize = 128;
    /// The maximum nesting depth, of which 64 KiB are stored.
    const MAX_DEPTH: usize = 4096;

    /// Reads bytes.
    ///
    /// # Errors
    ///
    /// If the document is malformed. Call [`Scanner::reset`] to read another one.
    pub fn feed(&mut self, bytes: &[u8], visit: &mut impl Visit) -> Result<(), Malformed> {
        self.read(bytes, visit).map_err(|_| Malformed)
    }

    /// Reads bytes. If the document is malformed, returns the bytes behind what was read of it, which are the same
    /// however the input is cut.
    pub(crate) fn read<'a>(&mut self, mut bytes: &'a [u8], visit: &mut impl Visit) -> Result<(), &'a [u8]> {
        // Once for all strings of the input.
        let valid = valid(bytes);
        // What precedes invalid bytes is read before they are refused, so that it does not matter how the input is cut.
        let mut not_utf8 = None;
        if STRICT {
            if let Err(length) = self.check_utf8(bytes, valid.len()) {
                let (before, behind) = bytes.split_at_checked(length).unwrap_or((bytes, &[]));
                bytes = before;
                not_utf8 = Some(behind);
            }
        }
        let input = Input {
            valid,
            length: bytes.len(),
        };
        while let [byte, rest @ ..] = bytes {
            match (self.state, Class::from_byte(*byte)) {
                (State::Text | State::Word, _) => {}
                (_, Class::Space) => {
                    bytes = rest;
                    continue;
                }
                (State::Value | State::FirstValue | State::Between, Class::Word) => {
                    self.scratch.clear();
                    self.is_word_cut = false;
                    self.state = State::Word;
                }
                (State::Value | State::FirstValue | State::Between, Class::Quote) => {
                    self.begin_string(visit);
                    bytes = rest;
                }
                (State::Key | State::FirstKey, Class::Quote) => {
                    self.begin_key();
                    bytes = rest;
                }
                _ => match (self.punctuation(*byte, visit), self.state, rest) {
                    // In front of nearly all keys.
                    (Ok(()), State::Key | State::FirstKey, [b'"', rest @ ..]) => {
                        self.begin_key();
                        bytes = rest;
                    }
                    (Ok(()), ..) => {
                        bytes = rest;
                        continue;
                    }
                    (Err(Malformed), ..) => return Err(bytes),
                },
            }
            if self.state == State::Word {
                bytes = self.word(bytes, visit)?;
                continue;
            }
            let rest = self.string(bytes, input, visit);
            if STRICT && self.text.is_flawed() {
                return Err(bytes);
            }
            bytes = match (self.state, rest) {
                (_, None) => &[],
                // Behind nearly all keys, often with a space.
                (State::Colon, Some([b':', rest @ ..])) => {
                    self.state = State::Value;
                    rest.strip_prefix(b" ").unwrap_or(rest)
                }
                (_, Some(rest)) => rest,
            };
        }
        not_utf8.map_or(Ok(()), Err)
    }

    /// Returns whether no document is open.
    #[must_use]
    pub fn is_between(&self) -> bool {
        self.state == State::Between
    }

    /// Discards the open document.
    pub fn reset(&mut self) {
        self.state = State::Between;
        self.levels.clear();
        self.path.clear();
        self.text.reset();
        self.muted = 0;
        self.partial.clear();
    }

    /// Checks that the input is UTF-8. The first `valid` bytes are checked already. If the end of the input
    /// cuts a character, its beginning is stored until the rest has come. Returns an error with the number of bytes in
    /// front of the first invalid ones.
    fn check_utf8(&mut self, bytes: &[u8], valid: usize) -> Result<(), usize> {
        if valid == bytes.len() && self.partial.is_empty() {
            return Ok(());
        }
        let mut rest = bytes;
        while let ([byte, behind @ ..], false) = (rest, self.partial.is_empty()) {
            self.partial.push(*byte);
            rest = behind;
            match std::str::from_utf8(&self.partial) {
                Ok(_) => self.partial.clear(),
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(0),
            }
        }
        match std::str::from_utf8(rest) {
            Ok(_) => Ok(()),
            Err(error) if error.error_len().is_none() => {
                self.partial
                    .extend_from_slice(rest.get(error.valid_up_to()..).unwrap_or_default());
                Ok(())
            }
            Err(error) => Err(bytes.len() - rest.len() + error.valid_up_to()),
        }
    }

    /// Reads a brace, a bracket, a colon or a comma.
    fn punctuation(&mut self, byte: u8, visit: &mut impl Visit) -> Result<(), Malformed> {
        use State::{Between, Colon, FirstKey, FirstValue, Key, Next, Value};
        match (self.state, byte) {
            (Value | FirstValue | Between, b'{') => {
                self.enter_envelope(visit);
                self.open(Level::Object(self.path_length()), FirstKey)?;
                self.visit_open(Container::Object, visit);
            }
            (Between, b'[') if !STRICT => self.open(Level::Root, FirstValue)?,
            (Value | FirstValue | Between, b'[') => {
                let is_envelope = self.enter_envelope(visit);
                let level = match is_envelope {
                    true => Level::Envelope,
                    false => Level::Array(self.path_length()),
                };
                self.open(level, FirstValue)?;
                self.visit_open(Container::Array, visit);
                if !is_envelope && !self.is_muted() {
                    self.path.enter_array();
                }
            }
            (Colon, b':') => self.state = Value,
            // A byte-order mark.
            (Between, 0xEF | 0xBB | 0xBF) if !STRICT => {}
            (Next, b',') => {
                self.state = match self.levels.last() {
                    Some(Level::Object(_)) => Key,
                    Some(Level::Array(_)) => {
                        if !self.is_muted() {
                            self.path.next_element();
                        }
                        Value
                    }
                    _ => Value,
                };
            }
            (FirstKey | Next, b'}') | (FirstValue | Next, b']') => self.close(byte, visit)?,
            _ => return Err(Malformed),
        }
        Ok(())
    }

    /// Returns the length of the path, which the bounds of keys and of the depth keep below 64 KiB.
    fn path_length(&self) -> u32 {
        u32::try_from(self.path.len()).unwrap_or(u32::MAX)
    }

    fn begin_string(&mut self, visit: &mut impl Visit) {
        self.take = Some(match self.is_muted() {
            false => visit.string(&self.path),
            true => Take::Skip,
        });
        self.scratch.clear();
        self.state = State::Text;
    }

    fn begin_key(&mut self) {
        self.take = None;
        self.scratch.clear();
        self.state = State::Text;
    }

    fn open(&mut self, level: Level, state: State) -> Result<(), Malformed> {
        if self.levels.len() >= Self::MAX_DEPTH {
            return Err(Malformed);
        }
        self.levels.push(level);
        self.state = state;
        Ok(())
    }

    /// A container begins. If it is an envelope, the path becomes that of the root, and `true` is returned.
    fn enter_envelope(&mut self, visit: &mut impl Visit) -> bool {
        // Members of the root, and of an envelope, which has the same path.
        let is_member = !STRICT && self.levels.last() == Some(&Level::Object(0)) && !self.is_muted();
        let is_envelope = is_member && visit.is_envelope(&self.path);
        if is_envelope {
            self.path.truncate(0);
        }
        is_envelope
    }

    /// Visits the container that was opened last. Mutes its inside if the visitor declines it.
    fn visit_open(&mut self, container: Container, visit: &mut impl Visit) {
        if self.is_muted() {
            return;
        }
        let is_visited = !STRICT || visit.open(&self.path, container);
        if !is_visited || self.levels.len() > Self::MAX_VISITED_DEPTH {
            self.muted = self.levels.len();
        }
    }

    fn close(&mut self, byte: u8, visit: &mut impl Visit) -> Result<(), Malformed> {
        let is_muted = self.is_muted();
        if self.muted == self.levels.len() {
            self.muted = 0;
        }
        match (self.levels.pop(), byte) {
            (Some(Level::Object(len)), b'}') => self.path.truncate(len as usize),
            (Some(Level::Array(len)), b']') => {
                self.path.truncate(len as usize);
                if !is_muted {
                    self.path.leave_array();
                }
            }
            (Some(Level::Envelope), b']') => {}
            (Some(Level::Root), b']') => {
                self.state = State::Between;
                return Ok(());
            }
            _ => return Err(Malformed),
        }
        if !is_muted {
            visit.close(&self.path);
        }
        self.after_value(visit);
        Ok(())
    }

    fn after_value(&mut self, visit: &mut impl Visit) {
        match self.levels.last() {
            None => {
                self.state = if STRICT { State::End } else { State::Between };
                visit.document();
            }
            Some(Level::Root) => {
                self.state = State::Next;
                visit.document();
            }
            Some(Level::Object(len)) => {
                self.path.truncate(*len as usize);
                self.state = State::Next;
            }
            Some(Level::Array(_) | Level::Envelope) => self.state = State::Next,
        }
    }

    /// Reads the inside of a string. Returns the bytes after it, or `None` if it goes on.
    fn string<'a>(&mut self, bytes: &'a [u8], input: Input<'_>, visit: &mut impl Visit) -> Option<&'a [u8]> {
        if self.take != Some(Take::Skip) && self.scratch.is_empty() {
            let end = self.text.plain_to_end::<STRICT>(bytes);
            if let Some((end, text)) = end.and_then(|end| Some((end, input.text(bytes, end)?))) {
                self.plain_string(text, visit);
                return bytes.get(end + 1..);
            }
        }
        let (key_limit, is_muted) = (Self::key_limit(), self.is_muted());
        let Self {
            text,
            take,
            scratch,
            path,
            ..
        } = self;
        let skip = *take == Some(Take::Skip) || is_muted;
        let rest = text.feed::<STRICT>(bytes, skip, &mut |piece| match take {
            _ if is_muted => {}
            None => {
                visit.key(piece);
                push_up_to(scratch, piece, key_limit);
            }
            Some(Take::Whole) => push_up_to(scratch, piece, Self::MAX_WHOLE_BYTES),
            Some(Take::Pieces) => visit.piece(path, piece),
            Some(Take::Skip) => {}
        })?;
        if STRICT && self.text.is_flawed() {
            return None;
        }
        match self.take {
            None => {
                if !self.is_muted() {
                    self.path.enter_key(&self.scratch);
                }
                self.state = State::Colon;
            }
            Some(take) => {
                match take {
                    Take::Whole => visit.value(&self.path, Scalar::Text(&self.scratch)),
                    Take::Pieces => visit.string_end(&self.path),
                    Take::Skip => {}
                }
                self.after_value(visit);
            }
        }
        Some(rest)
    }

    /// Returns whether the inside of a container is skipped.
    fn is_muted(&self) -> bool {
        self.muted > 0
    }

    fn key_limit() -> usize {
        if STRICT {
            Self::MAX_STRICT_KEY_BYTES
        } else {
            Self::MAX_KEY_BYTES
        }
    }

    /// Takes a string, or the rest of one that is taken in pieces, without copying it.
    fn plain_string(&mut self, text: &str, visit: &mut impl Visit) {
        match self.take {
            None => {
                if !self.is_muted() {
                    visit.key(text);
                    self.path
                        .enter_key(cut::at_char_boundary(text, Self::key_limit()));
                }
                self.state = State::Colon;
                return;
            }
            Some(Take::Whole) => {
                visit.value(
                    &self.path,
                    Scalar::Text(cut::at_char_boundary(text, Self::MAX_WHOLE_BYTES)),
                );
            }
            Some(Take::Pieces) => {
                if !text.is_empty() {
                    visit.piece(&self.path, text);
                }
                visit.string_end(&self.path);
            }
            Some(Take::Skip) => {}
        }
        self.after_value(visit);
    }

    /// Reads the inside of a word, which ends at the first other character. Returns the bytes behind it, or, if it is
    /// malformed, behind what was read of it.
    fn word<'a>(&mut self, bytes: &'a [u8], visit: &mut impl Visit) -> Result<&'a [u8], &'a [u8]> {
        let is_part = |byte: &u8| Class::from_byte(*byte) == Class::Word || matches!(byte, b'+' | b'.');
        let len = bytes
            .iter()
            .position(|byte| !is_part(byte))
            .unwrap_or(bytes.len());
        let (part, rest) = bytes.split_at_checked(len).unwrap_or((bytes, &[]));
        let room = Self::MAX_WORD_BYTES - self.scratch.len();
        if part.len() > room && !STRICT {
            return Err(bytes.get(room..).unwrap_or_default());
        }
        self.is_word_cut |= part.len() > room;
        let part = part.get(..room).unwrap_or(part);
        let part = std::str::from_utf8(part).map_err(|_| rest)?;
        if self.scratch.is_empty() && !rest.is_empty() {
            self.take_word(part, visit).map_err(|_| rest)?;
        } else {
            self.scratch.push_str(part);
            if !rest.is_empty() {
                self.end_word(visit).map_err(|_| rest)?;
            }
        }
        Ok(rest)
    }

    /// Ends the input. A number at the root ends here.
    ///
    /// # Errors
    ///
    /// If the document is not complete.
    pub fn finish(&mut self, visit: &mut impl Visit) -> Result<(), Malformed> {
        if self.state == State::Word && self.levels.is_empty() {
            self.end_word(visit)?;
        }
        let is_done = match STRICT {
            true => self.state == State::End && self.partial.is_empty(),
            false => self.is_between(),
        };
        if is_done { Ok(()) } else { Err(Malformed) }
    }

    fn end_word(&mut self, visit: &mut impl Visit) -> Result<(), Malformed> {
        let word = std::mem::take(&mut self.scratch);
        let taken = self.take_word(&word, visit);
        self.scratch = word;
        taken
    }

    fn take_word(&mut self, word: &str, visit: &mut impl Visit) -> Result<(), Malformed> {
        let value = match (word.as_bytes().first(), word) {
            (Some(b'-' | b'0'..=b'9'), _) => {
                if STRICT && !self.is_word_cut && !is_number(word) {
                    return Err(Malformed);
                }
                Scalar::Number(word)
            }
            (_, "true") => Scalar::Bool(true),
            (_, "false") => Scalar::Bool(false),
            (_, "null") => Scalar::Null,
            _ => return Err(Malformed),
        };
        let is_unread = self.is_muted() || STRICT && self.is_word_cut;
        if !is_unread {
            visit.value(&self.path, value);
        }
        self.after_value(visit);
        Ok(())
    }
}
