//! The lines of server-sent events: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.
//!
//! [`LineReader`] splits bytes into [`Token`]s and stores none of them, so that the same reader serves who
//! needs the values and who needs their places. Bytes may be cut anywhere: a token is a part of a line.
//!
//! ```
//! use throughline_llm_wire::sse::{Field, LineReader, Token};
//!
//! let (mut lines, mut rest, mut data) = (LineReader::default(), &b"event: a\r\ndata: 12\r\ndata:3\r\n\r\n"[..], vec![]);
//! while !rest.is_empty() {
//!     let (length, token) = lines.read(rest);
//!     let (bytes, behind) = rest.split_at(length);
//!     if let Token::Value(Field::Data) = token {
//!         data.push(bytes);
//!     }
//!     rest = behind;
//! }
//! assert_eq!(data, [&b"12"[..], b"3"]);
//! ```
//!
//! Lines end with LF, CR or CRLF. After a CR the line has ended although an LF may follow in the next bytes,
//! which then is its own token.

use memchr::{memchr2, memchr3};

/// Splits server-sent events into the parts of their lines, in constant memory.
#[derive(Debug, Default)]
pub struct LineReader {
    place: Place,
    name: Name,
    /// A line has begun. Of a stream of short events, this is asked for each.
    is_open: bool,
    /// The last line ended with a CR at the end of the bytes.
    after_return: bool,
}

/// A field of an event, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// `data`.
    Data,
    /// `event`: the name of the event.
    Event,
    /// `error`, which older servers of llama.cpp have in place of `data`.
    Error,
    /// A line that begins with a colon.
    Comment,
    /// Any other name.
    Other,
}

/// What the bytes are that were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Token {
    /// A part of a field's name, or the space in front of its value.
    Markup,
    /// The rest of a field's name, and the colon. The value follows.
    Begin(Field),
    /// A part of a field's value.
    Value(Field),
    /// The end of a line. A blank line ends the event.
    End {
        /// Whether the line is blank.
        is_blank: bool,
    },
    /// The LF of a CRLF whose CR was the end of the bytes before.
    LineFeed,
}

/// The place in a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// In front of the colon.
    #[default]
    Name,
    /// Behind the colon. One space may follow.
    Space(Field),
    Value(Field),
}

/// The beginning of a field's name: no name that matters is longer, even with a byte order mark.
#[derive(Debug, Default)]
struct Name {
    bytes: [u8; Self::MAX_BYTES],
    length: usize,
}

impl LineReader {
    /// Reads a part of a line, and returns its length and what it is. The length is 0 only if there are no
    /// bytes.
    #[inline]
    pub fn read(&mut self, bytes: &[u8]) -> (usize, Token) {
        let [first, rest @ ..] = bytes else {
            return (0, Token::Markup);
        };
        if std::mem::take(&mut self.after_return) && *first == b'\n' {
            return (1, Token::LineFeed);
        }
        match (self.place, first) {
            (_, b'\n' | b'\r') => self.end_line(*first, rest),
            (Place::Name, _) => self.read_name(bytes),
            (Place::Space(field), b' ') => {
                self.place = Place::Value(field);
                (1, Token::Markup)
            }
            (Place::Space(field) | Place::Value(field), _) => {
                self.place = Place::Value(field);
                let length = memchr2(b'\n', b'\r', bytes).unwrap_or(bytes.len());
                (length, Token::Value(field))
            }
        }
    }

    /// Returns whether no line is open, so that nothing read before affects how the next bytes are read.
    #[must_use]
    #[inline]
    pub fn is_between(&self) -> bool {
        !self.is_open && !self.after_return
    }

    /// Returns whether an LF that comes next belongs to the line that has ended.
    #[must_use]
    #[inline]
    pub fn is_after_return(&self) -> bool {
        self.after_return
    }

    fn read_name(&mut self, bytes: &[u8]) -> (usize, Token) {
        self.is_open = true;
        // Nearly all lines are whole lines of data.
        if self.name.length == 0 && bytes.starts_with(b"data: ") {
            self.place = Place::Value(Field::Data);
            return (6, Token::Begin(Field::Data));
        }
        let end = memchr3(b':', b'\n', b'\r', bytes).unwrap_or(bytes.len());
        let (name, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
        self.name.push(name);
        if rest.first() != Some(&b':') {
            return (end, Token::Markup);
        }
        let field = self.name.field();
        self.name.length = 0;
        self.place = Place::Space(field);
        (end + 1, Token::Begin(field))
    }

    fn end_line(&mut self, end: u8, rest: &[u8]) -> (usize, Token) {
        let is_blank = !std::mem::take(&mut self.is_open);
        self.place = Place::Name;
        self.name.length = 0;
        let is_return = end == b'\r';
        self.after_return = is_return && rest.is_empty();
        let length = 1 + usize::from(is_return && rest.starts_with(b"\n"));
        (length, Token::End { is_blank })
    }
}

impl Name {
    const MAX_BYTES: usize = 9;

    fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if let Some(slot) = self.bytes.get_mut(self.length) {
                *slot = *byte;
                self.length += 1;
            }
        }
    }

    fn field(&self) -> Field {
        let name = self.bytes.get(..self.length).unwrap_or_default();
        match name.strip_prefix(BOM).unwrap_or(name) {
            b"data" => Field::Data,
            b"event" => Field::Event,
            b"error" => Field::Error,
            b"" => Field::Comment,
            _ => Field::Other,
        }
    }
}

/// A byte order mark, which may precede the first line.
const BOM: &[u8] = b"\xef\xbb\xbf";

#[cfg(test)]
mod tests {
    use super::{Field, LineReader, Token};

    /// The values by field and line, however the bytes are cut.
    fn read(stream: &[u8], chunk: usize) -> Vec<(Option<Field>, Vec<u8>)> {
        let mut lines = LineReader::default();
        let mut values: Vec<(Option<Field>, Vec<u8>)> = Vec::new();
        for mut bytes in stream.chunks(chunk) {
            while !bytes.is_empty() {
                let (length, token) = lines.read(bytes);
                let (read, rest) = bytes.split_at(length);
                bytes = rest;
                match token {
                    Token::Begin(field) => values.push((Some(field), Vec::new())),
                    Token::Value(_) => values.last_mut().unwrap().1.extend_from_slice(read),
                    Token::End { is_blank: true } => values.push((None, Vec::new())),
                    Token::End { .. } | Token::Markup | Token::LineFeed => {}
                }
            }
        }
        values
    }

    #[test]
    fn every_cut_gives_the_same_lines() {
        let text = |field, value: &str| (Some(field), value.as_bytes().to_vec());
        let blank = || (None, Vec::new());
        let cases: [(&[u8], Vec<_>); 6] = [
            (
                b"data: a\n\ndata:b\n\n",
                vec![text(Field::Data, "a"), blank(), text(Field::Data, "b"), blank()],
            ),
            (
                b"event: e\r\ndata:  a:b\r\n\r\n",
                vec![text(Field::Event, "e"), text(Field::Data, " a:b"), blank()],
            ),
            (
                b"data: a\r\rdata\r\r",
                vec![text(Field::Data, "a"), blank(), blank()],
            ),
            (b"\xef\xbb\xbfdata: a\n\n", vec![text(Field::Data, "a"), blank()]),
            (b"\xef\xbb\xbfevent: a\n", vec![text(Field::Event, "a")]),
            (
                b": hi\nid: 1\nerror: x\ndatabase: y\ndata:\n",
                vec![
                    text(Field::Comment, "hi"),
                    text(Field::Other, "1"),
                    text(Field::Error, "x"),
                    text(Field::Other, "y"),
                    text(Field::Data, ""),
                ],
            ),
        ];
        for (stream, expected) in cases {
            for chunk in 1..=stream.len() {
                let actual = read(stream, chunk);
                assert_eq!(
                    actual,
                    expected,
                    "{:?} in pieces of {chunk}",
                    stream.escape_ascii().to_string()
                );
            }
        }
    }
}
