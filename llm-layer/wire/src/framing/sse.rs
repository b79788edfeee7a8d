//! Server-sent events: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use memchr::memchr2;

use super::Receive;
use super::repeats::Events;
use crate::json::{Malformed, Scanner};

/// Reads the data of events as JSON while it comes, so that an event may have any size.
#[derive(Debug, Default)]
pub(crate) struct Sse {
    scanner: Scanner,
    line: Line,
    field: Vec<u8>,
    name: Vec<u8>,
    data: Data,
    after_cr: bool,
    /// How many events were not JSON.
    malformed: u32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Line {
    /// In front of the colon.
    #[default]
    UsagePart,
    /// Behind the colon: one space may follow.
    Space(UsagePart),
    Value(UsagePart),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UsagePart {
    Data,
    Event,
    Other,
}

/// The data of the current event, as far as it came.
#[derive(Debug, Default)]
struct Data {
    begun: bool,
    broken: bool,
    head: Vec<u8>,
}

impl Events for Sse {
    fn is_between(&self) -> bool {
        let is_empty = self.field.is_empty() && self.name.is_empty() && !self.data.begun;
        is_empty && self.line == Line::UsagePart && !self.after_cr
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
                (Line::UsagePart, b':') => {
                    self.line = Line::Space(self.kind());
                    rest
                }
                (Line::UsagePart, _) => {
                    keep(&mut self.field, &[*byte]);
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
    /// The most bytes kept of a field's name, an event's name, and the head of its data.
    const KEPT: usize = 64;
    /// The data that ends a stream of OpenAI's and all that took after it.
    const DONE: &[u8] = b"[DONE]";

    fn kind(&self) -> UsagePart {
        match self.field.as_slice() {
            b"data" | b"\xef\xbb\xbfdata" => UsagePart::Data,
            b"event" | b"\xef\xbb\xbfevent" => UsagePart::Event,
            _ => UsagePart::Other,
        }
    }

    fn begin(&mut self, field: UsagePart, receive: &mut impl Receive) {
        self.line = Line::Value(field);
        match field {
            UsagePart::Data if self.data.begun => self.value(field, b"\n", receive),
            UsagePart::Data => {
                self.data.begun = true;
                match std::str::from_utf8(&self.name) {
                    Ok(name) if !name.is_empty() => receive.event(name),
                    _ => {}
                }
            }
            UsagePart::Event => self.name.clear(),
            UsagePart::Other => {}
        }
    }

    fn value(&mut self, field: UsagePart, value: &[u8], receive: &mut impl Receive) {
        match field {
            UsagePart::Data => {
                keep(&mut self.data.head, value);
                if !self.data.broken {
                    self.data.broken = self.scanner.feed(value, receive).is_err();
                }
            }
            UsagePart::Event => keep(&mut self.name, value),
            UsagePart::Other => {}
        }
    }

    /// Ends a line; whether it was the blank one behind an event.
    fn end_line(&mut self, receive: &mut impl Receive) -> bool {
        let is_blank = self.line == Line::UsagePart && self.field.is_empty();
        if is_blank {
            self.end_event(receive);
        }
        self.line = Line::UsagePart;
        self.field.clear();
        is_blank
    }

    /// What is behind the end of a line that was the last of an event.
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

fn keep(kept: &mut Vec<u8>, bytes: &[u8]) {
    let room = Sse::KEPT.saturating_sub(kept.len());
    kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
}
