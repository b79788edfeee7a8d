//! Server-sent events: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.
//!
//! Some servers omit the blank lines between events. So after a line with a whole JSON document, the next line of
//! data begins another event: with the name that was sent ahead of it, and perhaps with `[DONE]`.

use memchr::memchr2;

use super::Receive;
use super::repeats::Events;
use crate::json::{Malformed, Scanner};

/// Reads the data of events as JSON incrementally, so that events may have any size.
#[derive(Debug, Default)]
pub(crate) struct Sse {
    scanner: Scanner,
    line: Line,
    field: Vec<u8>,
    name: Vec<u8>,
    data: Data,
    after_cr: bool,
    /// The number of events that were not JSON.
    malformed: u32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Line {
    /// Before the colon.
    #[default]
    Name,
    /// After the colon. One space may follow.
    Space(Field),
    Value(Field),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Data,
    Event,
    Other,
}

/// The data of the current event so far.
#[derive(Debug, Default)]
struct Data {
    begun: bool,
    broken: bool,
    head: Vec<u8>,
}

impl Events for Sse {
    fn is_between(&self) -> bool {
        let is_empty = self.field.is_empty() && self.name.is_empty() && !self.data.begun;
        is_empty && self.line == Line::Name && !self.after_cr
    }

    fn read<'a>(&mut self, mut bytes: &'a [u8], receive: &mut impl Receive) -> &'a [u8] {
        while let [byte, rest @ ..] = bytes {
            if std::mem::take(&mut self.after_cr) && *byte == b'\n' {
                bytes = rest;
                continue;
            }
            bytes = match (self.line, byte) {
                (Line::Space(field), b' ') => {
                    self.begin(field, receive);
                    rest
                }
                (Line::Space(field), _) => {
                    self.begin(field, receive);
                    bytes
                }
                (_, b'\n' | b'\r') => {
                    self.after_cr = *byte == b'\r';
                    if self.end_line(receive) {
                        return self.behind_end(rest);
                    }
                    rest
                }
                (Line::Name, b':') => {
                    self.line = Line::Space(self.kind());
                    rest
                }
                (Line::Name, _) => {
                    push_head(&mut self.field, &[*byte]);
                    rest
                }
                (Line::Value(field), _) => {
                    let len = memchr2(b'\n', b'\r', bytes).unwrap_or(bytes.len());
                    let (value, rest) = bytes.split_at_checked(len).unwrap_or((bytes, &[]));
                    self.value(field, value, receive);
                    rest
                }
            };
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
    /// The maximum number of bytes stored of a field's name, an event's name, and the head of its data.
    const MAX_HEAD_BYTES: usize = 64;
    /// The data that ends streams in OpenAI's format.
    const DONE: &[u8] = b"[DONE]";

    fn kind(&mut self) -> Field {
        match self.field.as_slice() {
            // Older servers of llama.cpp put errors into a field of their own.
            b"error" => {
                self.name.clear();
                self.name.extend_from_slice(b"error");
                Field::Data
            }
            b"data" | b"\xef\xbb\xbfdata" => Field::Data,
            b"event" | b"\xef\xbb\xbfevent" => Field::Event,
            _ => Field::Other,
        }
    }

    fn begin(&mut self, field: Field, receive: &mut impl Receive) {
        self.line = Line::Value(field);
        match field {
            Field::Data if self.data.begun && !self.ends_with_document() => {
                self.value(field, b"\n", receive);
            }
            Field::Data => {
                self.data.begun = true;
                self.data.head.clear();
                match std::str::from_utf8(&self.name) {
                    Ok(name) if !name.is_empty() => receive.event(name),
                    _ => {}
                }
            }
            Field::Event => self.name.clear(),
            Field::Other => {}
        }
    }

    /// Returns whether the data so far consists of whole documents.
    fn ends_with_document(&self) -> bool {
        !self.data.broken && self.scanner.is_between() && !self.data.head.trim_ascii().is_empty()
    }

    fn value(&mut self, field: Field, value: &[u8], receive: &mut impl Receive) {
        match field {
            Field::Data => {
                push_head(&mut self.data.head, value);
                if !self.data.broken {
                    self.data.broken = self.scanner.feed(value, receive).is_err();
                }
            }
            Field::Event => push_head(&mut self.name, value),
            Field::Other => {}
        }
    }

    /// Ends a line. Returns whether it was the blank line after an event.
    fn end_line(&mut self, receive: &mut impl Receive) -> bool {
        let is_blank = self.line == Line::Name && self.field.is_empty();
        if is_blank {
            self.end_event(receive);
        }
        self.line = Line::Name;
        self.field.clear();
        is_blank
    }

    /// Returns what follows the blank line after an event.
    fn behind_end<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        let line_feed = rest.strip_prefix(b"\n").filter(|_| self.after_cr);
        self.after_cr = self.after_cr && rest.is_empty();
        line_feed.unwrap_or(rest)
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
        self.name.clear();
    }
}

fn push_head(head: &mut Vec<u8>, bytes: &[u8]) {
    let room = Sse::MAX_HEAD_BYTES.saturating_sub(head.len());
    head.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
}
