//! Server-sent events: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.
//!
//! Some servers omit the blank lines between events. So after a line with a whole JSON document, the next line of
//! data begins another event: with the name that was sent ahead of it, and perhaps with `[DONE]`.
//!
//! Some servers lose the end of an event with its line, or send line ends as `\\n`, so that the next event stands in
//! the same line: `data: {"id":"c","objecdata: {"id":"c"}`. So behind what is not JSON, `data: {` begins an event too.

use memchr::memmem;

use super::Receive;
use super::repeats::Events;
use crate::json::{Malformed, Scanner};
use crate::sse::{Field, LineReader, Token};

/// Reads the data of events as JSON incrementally, so that events may have any size.
#[derive(Debug, Default)]
pub(crate) struct Sse {
    lines: LineReader,
    scanner: Scanner,
    name: Vec<u8>,
    data: Data,
    /// The number of events that were not JSON.
    malformed: u32,
}

/// The data of the current event so far.
#[derive(Debug, Default)]
struct Data {
    begun: bool,
    broken: bool,
    head: Vec<u8>,
    /// The last bytes, in which another event may begin.
    tail: Tail,
}

/// The last bytes of the data of an event.
#[derive(Debug, Default)]
struct Tail {
    bytes: [u8; Self::MAX_BYTES],
    length: usize,
}

impl Events for Sse {
    fn is_between(&self) -> bool {
        self.lines.is_between() && self.name.is_empty() && !self.data.begun
    }

    fn read<'a>(&mut self, mut bytes: &'a [u8], receive: &mut impl Receive) -> &'a [u8] {
        while !bytes.is_empty() {
            let (length, token) = self.lines.read(bytes);
            let (read, rest) = bytes.split_at_checked(length).unwrap_or((bytes, &[]));
            bytes = rest;
            match token {
                Token::Begin(field) => self.begin(field, receive),
                Token::Value(field) => self.value(field, read, receive),
                Token::End { is_blank: true } => {
                    self.end_event(receive);
                    break;
                }
                Token::End { .. } | Token::Markup | Token::LineFeed => {}
            }
        }
        bytes
    }

    /// Ends the stream; its last event may lack the blank line.
    fn finish(&mut self, receive: &mut impl Receive) -> Result<(), Malformed> {
        self.end_event(receive);
        if self.malformed == 0 {
            Ok(())
        } else {
            Err(Malformed)
        }
    }
}

impl Sse {
    /// The maximum number of bytes stored of an event's name, and of the head of its data.
    const MAX_HEAD_BYTES: usize = 64;
    /// The data that ends streams in OpenAI's format.
    const DONE: &[u8] = b"[DONE]";
    const DATA: &[u8] = b"data:";

    fn begin(&mut self, field: Field, receive: &mut impl Receive) {
        match field {
            Field::Error => {
                self.name.clear();
                self.name.extend_from_slice(b"error");
            }
            Field::Event => self.name.clear(),
            _ => {}
        }
        match field {
            Field::Data | Field::Error if self.data.begun && !self.ends_with_document() => {
                self.value(field, b"\n", receive);
            }
            Field::Data | Field::Error => {
                self.data.begun = true;
                self.data.head.clear();
                match std::str::from_utf8(&self.name) {
                    Ok(name) if !name.is_empty() => receive.event(name),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Returns whether the data so far consists of whole documents.
    fn ends_with_document(&self) -> bool {
        !self.data.broken && self.scanner.is_between() && !self.data.head.trim_ascii().is_empty()
    }

    fn value(&mut self, field: Field, value: &[u8], receive: &mut impl Receive) {
        match field {
            Field::Data | Field::Error => {
                push_head(&mut self.data.head, value);
                self.read_data(value, receive);
            }
            Field::Event => push_head(&mut self.name, value),
            _ => {}
        }
    }

    fn read_data(&mut self, value: &[u8], receive: &mut impl Receive) {
        let unread = match self.data.broken {
            true => value,
            false => match self.scanner.read(value, receive) {
                Ok(()) => return self.data.tail.push(value),
                Err(unread) => unread,
            },
        };
        let (read, unread) = split_end(value, unread.len());
        self.data.tail.push(read);
        self.resume(unread, receive);
    }

    /// Reads the event that begins in the data of a broken one. It may begin in front of the place where that stopped
    /// to be JSON: `{"id":"cdata: {"` is JSON.
    fn resume(&mut self, unread: &[u8], receive: &mut impl Receive) {
        let bytes = [self.data.tail.bytes(), unread].concat();
        let mut rest = bytes.as_slice();
        self.data.broken = true;
        while let (true, Some(document)) = (self.data.broken, next_document(rest)) {
            self.malformed = self.malformed.saturating_add(1);
            receive.malformed();
            self.scanner.reset();
            let unread = self.scanner.read(document, receive).err();
            self.data.broken = unread.is_some();
            rest = split_end(document, unread.map_or(0, <[u8]>::len) + Tail::MAX_BYTES).1;
        }
        self.data.tail = Tail::default();
        self.data.tail.push(rest);
    }

    fn end_event(&mut self, receive: &mut impl Receive) {
        if self.data.head.trim_ascii() == Self::DONE {
            receive.done();
        } else if self.data.begun && (self.data.broken || self.scanner.finish(receive).is_err()) {
            self.malformed = self.malformed.saturating_add(1);
        }
        self.scanner.reset();
        self.data.begun = false;
        self.data.broken = false;
        self.data.head.clear();
        self.data.tail = Tail::default();
        self.name.clear();
    }
}

impl Tail {
    /// The beginning of another event, with some spaces: `data: { "`.
    const MAX_BYTES: usize = 16;

    fn push(&mut self, value: &[u8]) {
        if let Some(last) = value.last_chunk() {
            *self = Self {
                bytes: *last,
                length: Self::MAX_BYTES,
            };
            return;
        }
        for byte in value {
            if self.length == Self::MAX_BYTES {
                self.bytes.rotate_left(1);
                self.length -= 1;
            }
            if let Some(slot) = self.bytes.get_mut(self.length) {
                *slot = *byte;
                self.length += 1;
            }
        }
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// Returns the document that the next event in a line begins with: `data: {`.
fn next_document(line: &[u8]) -> Option<&[u8]> {
    let mut events = memmem::find_iter(line, Sse::DATA).filter_map(|at| line.get(at + Sse::DATA.len()..));
    events.find_map(|data| {
        let document = data.strip_prefix(b" ").unwrap_or(data);
        document.starts_with(b"{").then_some(document)
    })
}

/// Splits bytes in front of the last `length`.
fn split_end(bytes: &[u8], length: usize) -> (&[u8], &[u8]) {
    bytes
        .split_at_checked(bytes.len().saturating_sub(length))
        .unwrap_or((bytes, &[]))
}

fn push_head(head: &mut Vec<u8>, bytes: &[u8]) {
    let room = Sse::MAX_HEAD_BYTES.saturating_sub(head.len());
    head.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
}
