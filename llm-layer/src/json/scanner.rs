//! The push parser.

use super::text::Text;
use super::{Path, Scalar, Take, Visit};

/// A JSON parser that is fed.
///
/// Documents may follow one another with white space between them (NDJSON), or as elements of an array at the root.
/// It is lenient where that harms nobody: control characters in strings, numbers in any notation.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    state: State,
    levels: Vec<Level>,
    path: Path,
    text: Text,
    take: Option<Take>,
    /// The key, word or whole string being read.
    scratch: String,
}

/// The document breaks the grammar, or a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// An object, and the length of its path.
    Object(usize),
    /// An array, and the length of the path in front of its brackets.
    Array(usize),
    /// An array whose elements are documents.
    Root,
}

impl Scanner {
    /// The most bytes kept of a string that is taken whole.
    pub(crate) const WHOLE: usize = 1024;
    /// The most bytes kept of a key; a longer one matches nothing.
    pub(super) const KEY: usize = 64;
    /// The most bytes of a number.
    const WORD: usize = 64;
    /// The deepest nesting.
    const DEPTH: usize = 128;

    /// Reads on. After an error only [`Scanner::reset`] helps.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], visit: &mut impl Visit) -> Result<(), Malformed> {
        // Once for all strings, and not for each of them.
        let valid = valid(bytes);
        let length = bytes.len();
        while let [byte, rest @ ..] = bytes {
            bytes = match self.state {
                State::Text => {
                    let valid = valid.get(length - bytes.len()..);
                    match self.string(bytes, valid.unwrap_or_default(), visit) {
                        Some(rest) => rest,
                        None => return Ok(()),
                    }
                }
                State::Word => self.word(bytes, visit)?,
                _ if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') => rest,
                _ if self.begins_word(*byte) => {
                    self.scratch.clear();
                    self.state = State::Word;
                    bytes
                }
                _ => {
                    self.mark(*byte, visit)?;
                    rest
                }
            };
        }
        Ok(())
    }

    /// Whether no document is open.
    pub(crate) fn is_between(&self) -> bool {
        self.state == State::Between
    }

    /// Forgets what was open.
    pub(crate) fn reset(&mut self) {
        self.state = State::Between;
        self.levels.clear();
        self.path.clear();
        self.text.reset();
    }

    fn begins_word(&self, byte: u8) -> bool {
        let expected = matches!(self.state, State::Between | State::Value | State::FirstValue);
        expected && (byte.is_ascii_alphanumeric() || byte == b'-')
    }

    /// Takes a character of the grammar.
    fn mark(&mut self, byte: u8, visit: &mut impl Visit) -> Result<(), Malformed> {
        use State::{Between, Colon, FirstKey, FirstValue, Key, Next, Text, Value};
        match (self.state, byte) {
            (Value | FirstValue | Between, b'{') => self.open(Level::Object(self.path.len()), FirstKey)?,
            (Between, b'[') => self.open(Level::Root, FirstValue)?,
            (Value | FirstValue, b'[') => {
                self.open(Level::Array(self.path.len()), FirstValue)?;
                self.path.enter_array();
            }
            (Value | FirstValue | Between, b'"') => {
                self.take = Some(visit.string(&self.path));
                self.scratch.clear();
                self.state = Text;
            }
            (Key | FirstKey, b'"') => {
                self.take = None;
                self.scratch.clear();
                self.state = Text;
            }
            (Colon, b':') => self.state = Value,
            (Next, b',') => {
                self.state = match self.levels.last() {
                    Some(Level::Object(_)) => Key,
                    Some(Level::Array(_)) => {
                        self.path.next_element();
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

    fn open(&mut self, level: Level, state: State) -> Result<(), Malformed> {
        if self.levels.len() >= Self::DEPTH {
            return Err(Malformed);
        }
        self.levels.push(level);
        self.state = state;
        Ok(())
    }

    fn close(&mut self, byte: u8, visit: &mut impl Visit) -> Result<(), Malformed> {
        match (self.levels.pop(), byte) {
            (Some(Level::Object(len)), b'}') => self.path.truncate(len),
            (Some(Level::Array(len)), b']') => {
                self.path.truncate(len);
                self.path.leave_array();
            }
            (Some(Level::Root), b']') => {
                self.state = State::Between;
                return Ok(());
            }
            _ => return Err(Malformed),
        }
        self.after_value(visit);
        Ok(())
    }

    fn after_value(&mut self, visit: &mut impl Visit) {
        match self.levels.last() {
            None => {
                self.state = State::Between;
                visit.document();
            }
            Some(Level::Root) => {
                self.state = State::Next;
                visit.document();
            }
            Some(Level::Object(len)) => {
                self.path.truncate(*len);
                self.state = State::Next;
            }
            Some(Level::Array(_)) => self.state = State::Next,
        }
    }

    /// Reads inside a string; what stands behind it, or `None` if it goes on. `valid` is as much of `bytes` as is UTF-8.
    fn string<'a>(&mut self, bytes: &'a [u8], valid: &str, visit: &mut impl Visit) -> Option<&'a [u8]> {
        if self.take != Some(Take::Skip) && self.scratch.is_empty() {
            let end = self.text.plain_to_end(bytes);
            if let Some((end, text)) = end.and_then(|end| Some((end, valid.get(..end)?))) {
                self.plain_string(text, visit);
                return bytes.get(end + 1..);
            }
        }
        let Self {
            text,
            take,
            scratch,
            path,
            ..
        } = self;
        let rest = text.feed(bytes, *take == Some(Take::Skip), &mut |piece| match take {
            None => push_up_to(scratch, piece, Self::KEY),
            Some(Take::Whole) => push_up_to(scratch, piece, Self::WHOLE),
            Some(Take::Pieces) => visit.piece(path, piece),
            Some(Take::Skip) => {}
        })?;
        match self.take {
            None => {
                self.path.enter_key(&self.scratch);
                self.state = State::Colon;
            }
            Some(take) => {
                if take == Take::Whole {
                    visit.value(&self.path, Scalar::Text(&self.scratch));
                }
                self.after_value(visit);
            }
        }
        Some(rest)
    }

    /// Takes a string, or what is left of one that is taken in pieces, where it lies.
    fn plain_string(&mut self, text: &str, visit: &mut impl Visit) {
        match self.take {
            None => {
                self.path.enter_key(up_to(text, Self::KEY));
                self.state = State::Colon;
                return;
            }
            Some(Take::Whole) => visit.value(&self.path, Scalar::Text(up_to(text, Self::WHOLE))),
            Some(Take::Pieces) if !text.is_empty() => visit.piece(&self.path, text),
            Some(Take::Pieces | Take::Skip) => {}
        }
        self.after_value(visit);
    }

    /// Reads inside a word; the character behind it ends it.
    fn word<'a>(&mut self, bytes: &'a [u8], visit: &mut impl Visit) -> Result<&'a [u8], Malformed> {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        let len = bytes
            .iter()
            .position(|byte| !is_part(byte))
            .unwrap_or(bytes.len());
        let (part, rest) = bytes.split_at_checked(len).ok_or(Malformed)?;
        if self.scratch.len() + part.len() > Self::WORD {
            return Err(Malformed);
        }
        let part = std::str::from_utf8(part).map_err(|_| Malformed)?;
        if self.scratch.is_empty() && !rest.is_empty() {
            self.take_word(part, visit)?;
        } else {
            self.scratch.push_str(part);
            if !rest.is_empty() {
                self.end_word(visit)?;
            }
        }
        Ok(rest)
    }

    /// Ends the input: a number at the root ends only here.
    pub(crate) fn finish(&mut self, visit: &mut impl Visit) -> Result<(), Malformed> {
        if self.state == State::Word && self.levels.is_empty() {
            self.end_word(visit)?;
        }
        if self.is_between() { Ok(()) } else { Err(Malformed) }
    }

    fn end_word(&mut self, visit: &mut impl Visit) -> Result<(), Malformed> {
        let word = std::mem::take(&mut self.scratch);
        let taken = self.take_word(&word, visit);
        self.scratch = word;
        taken
    }

    fn take_word(&mut self, word: &str, visit: &mut impl Visit) -> Result<(), Malformed> {
        let value = match word {
            "true" => Scalar::Bool(true),
            "false" => Scalar::Bool(false),
            "null" => Scalar::Null,
            word if word.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => {
                Scalar::Number(word)
            }
            _ => return Err(Malformed),
        };
        visit.value(&self.path, value);
        self.after_value(visit);
        Ok(())
    }
}

/// The bytes up to the first that are not UTF-8.
fn valid(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_else(|error| {
        let valid = bytes.get(..error.valid_up_to());
        valid
            .and_then(|valid| std::str::from_utf8(valid).ok())
            .unwrap_or_default()
    })
}

/// Appends as much of `piece` as fits in `limit` bytes, at a character's boundary.
fn push_up_to(text: &mut String, piece: &str, limit: usize) {
    text.push_str(up_to(piece, limit.saturating_sub(text.len())));
}

/// As much of `text` as fits in `limit` bytes, at a character's boundary.
fn up_to(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let end = (0..=limit).rev().find(|end| text.is_char_boundary(*end));
    end.and_then(|end| text.get(..end)).unwrap_or_default()
}
