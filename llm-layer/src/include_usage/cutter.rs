//! Finds the event that the option added to a stream, and removes it.
//!
//! [`Cutter`] is a state machine over the bytes of the stream. Frames may end anywhere, so each state can be
//! interrupted: between events, in a comment, in an event that may be the added one (`Held`) or in another
//! one (`Passing`). Frames of a held event wait; all others pass as slices of the same memory. When a held
//! event ends, it is dropped if it is the added one, and passes otherwise.
//!
//! To release content early, [`Look`] reads the data of a held event incrementally: a first item in
//! `choices`, or a `choices` or `usage` that is no container, shows that the event is not the added one.
//! Content then waits only until its first choice begins, not until its event ends.
//!
//! Lines end with LF, CR or CRLF. After a CR the event has already ended although an LF may follow in the
//! next frame, so `after_return` skips that LF, and `took_return` removes it if it belongs to the removed
//! event.

use std::collections::VecDeque;

use bytes::Bytes;
use memchr::memchr2;
use serde_json::Value;

use throughline_llm_wire::json::{Malformed, Path, Scalar, Scanner, Take, Visit};

/// Removes one event from a stream of events: the first whose data has an empty `choices` and a `usage`
/// object.
///
/// It holds back only an event that may still be that one, and at most [`Cutter::MAX_HELD_BYTES`].
#[derive(Debug, Default)]
pub(super) struct Cutter {
    mode: Mode,
    line: Line,
    /// The last line ended with a carriage return. A line feed that follows belongs to it.
    after_return: bool,
    /// That line feed is part of the removed event.
    took_return: bool,
    held: Held,
    event: Event,
    /// The number of steps and bytes so far, for a test that the work is linear.
    #[cfg(test)]
    work: u64,
}

/// Frames that are held back. Their total length is stored, since an event may have as many frames as bytes,
/// and a sum for each frame would be quadratic.
#[derive(Debug, Default)]
struct Held {
    frames: Vec<Bytes>,
    length: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Mode {
    /// Between events.
    #[default]
    Between,
    /// In a comment between events.
    Comment,
    /// In an event that may be the added one.
    Held,
    /// In an event that is not the added one.
    Passing,
    /// The event is removed. Everything else passes.
    Done,
}

/// The position in the current line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Line {
    #[default]
    Start,
    /// In the name of a field. The first bytes, as many as the number says, are those of `data`.
    Name(usize),
    /// After the colon of `data`.
    Data,
    Other,
}

/// The data of the held event so far.
#[derive(Debug, Default)]
struct Event {
    data: Vec<u8>,
    /// The data begins like an object.
    begun: bool,
    scanner: Scanner,
    look: Look,
}

/// Looks for members that the added event cannot have.
#[derive(Debug, Default)]
struct Look {
    is_other: bool,
}

impl Cutter {
    /// The maximum number of bytes that are held back. The added event has about 500.
    pub(super) const MAX_HELD_BYTES: usize = 16 * 1024;

    /// Returns whether all further bytes pass.
    pub(super) fn is_done(&self) -> bool {
        self.mode == Mode::Done && !self.took_return
    }

    /// Returns the number of bytes that are held back.
    pub(super) fn held(&self) -> usize {
        self.held.length
    }

    /// Reads a frame and appends the frames that can pass to `out`.
    pub(super) fn feed(&mut self, frame: &Bytes, out: &mut VecDeque<Bytes>) {
        // The first byte that is neither passed nor removed, and the first byte of the held event.
        let (mut start, mut held) = (0, 0);
        let mut at = 0;
        while let Some(rest) = frame.get(at..).filter(|rest| !rest.is_empty()) {
            let took_return = std::mem::take(&mut self.took_return);
            if std::mem::take(&mut self.after_return) && rest.starts_with(b"\n") {
                at += 1;
                if took_return {
                    start = at;
                }
                continue;
            }
            let before = self.mode;
            if before == Mode::Done {
                break;
            }
            if before == Mode::Between {
                held = at;
            }
            let read = self.read(rest);
            at += read;
            #[cfg(test)]
            self.count(read);
            match (before, self.mode) {
                (Mode::Held, Mode::Passing | Mode::Between) => out.extend(self.held.take()),
                (Mode::Held, Mode::Done) => {
                    drop(self.held.take());
                    pass(frame, start, held, out);
                    start = at;
                }
                _ => {}
            }
        }
        if self.mode != Mode::Held {
            return pass(frame, start, frame.len(), out);
        }
        pass(frame, start, held, out);
        if held < frame.len() {
            self.held.push(frame.slice(held..));
        }
        if self.held() > Self::MAX_HELD_BYTES {
            self.mode = Mode::Passing;
            out.extend(self.held.take());
        }
    }

    /// Ends the stream. The blank line after the last event may be missing.
    pub(super) fn finish(&mut self, out: &mut VecDeque<Bytes>) {
        if self.mode == Mode::Held && self.event.is_added() {
            drop(self.held.take());
        }
        out.extend(self.held.take());
        self.mode = Mode::Done;
    }

    /// Counts a step that looked at `seen` bytes or frames.
    #[cfg(test)]
    fn count(&mut self, seen: usize) {
        self.work += 1 + seen as u64;
    }

    /// Returns the number of steps, plus the bytes and frames that they looked at.
    #[cfg(test)]
    pub(super) fn work(&self) -> u64 {
        self.work
    }

    /// Reads at most one line. Returns the number of bytes read; 0 changes only the state.
    fn read(&mut self, bytes: &[u8]) -> usize {
        let first = bytes.first().copied().unwrap_or_default();
        match self.mode {
            Mode::Between if first == b':' => {
                self.mode = Mode::Comment;
                self.line = Line::Other;
                1
            }
            Mode::Between if !is_end(first) => {
                self.mode = Mode::Held;
                self.event.reset();
                self.read_held(bytes)
            }
            Mode::Held => self.read_held(bytes),
            Mode::Between | Mode::Comment | Mode::Passing | Mode::Done => self.skip(bytes),
        }
    }

    fn read_held(&mut self, bytes: &[u8]) -> usize {
        match (self.line, bytes.first().copied().unwrap_or_default()) {
            (Line::Start, byte) if !is_end(byte) => {
                self.line = Line::Name(0);
                0
            }
            (Line::Name(matched), b':') if matched == DATA.len() => {
                self.line = Line::Data;
                self.event.next_line();
                1
            }
            (Line::Name(0), byte) if BOM.contains(&byte) => 1,
            (Line::Name(matched), byte) if !is_end(byte) => {
                self.line = match DATA.get(matched) {
                    Some(next) if *next == byte => Line::Name(matched + 1),
                    _ => Line::Other,
                };
                1
            }
            (Line::Data, _) => {
                let length = memchr2(b'\n', b'\r', bytes);
                let value = bytes.get(..length.unwrap_or(bytes.len())).unwrap_or_default();
                if self.event.read(value).is_err() {
                    self.mode = Mode::Passing;
                }
                value.len() + self.skip(bytes.get(value.len()..).unwrap_or_default())
            }
            _ => self.skip(bytes),
        }
    }

    /// Skips to the end of the line. The end of an empty line ends the event.
    fn skip(&mut self, bytes: &[u8]) -> usize {
        let Some(length) = memchr2(b'\n', b'\r', bytes) else {
            if self.line == Line::Start && !bytes.is_empty() {
                self.line = Line::Other;
            }
            return bytes.len();
        };
        let is_blank = self.line == Line::Start && length == 0;
        self.after_return = bytes.get(length) == Some(&b'\r');
        self.line = Line::Start;
        self.mode = match self.mode {
            Mode::Held if is_blank && self.event.is_added() => {
                self.took_return = self.after_return;
                Mode::Done
            }
            Mode::Held | Mode::Passing if is_blank => Mode::Between,
            Mode::Comment => Mode::Between,
            mode => mode,
        };
        length + 1
    }
}

impl Held {
    fn push(&mut self, frame: Bytes) {
        self.length += frame.len();
        self.frames.push(frame);
    }

    fn take(&mut self) -> Vec<Bytes> {
        self.length = 0;
        std::mem::take(&mut self.frames)
    }
}

impl Event {
    fn reset(&mut self) {
        self.data.clear();
        self.begun = false;
        self.scanner.reset();
        self.look.is_other = false;
    }

    /// Reads a part of the data. Returns an error if the event cannot be the added one.
    fn read(&mut self, value: &[u8]) -> Result<(), Malformed> {
        for piece in value.chunks(SCANNED_PIECE) {
            if self.data.len() > Cutter::MAX_HELD_BYTES {
                return Err(Malformed);
            }
            self.scanner.feed(piece, &mut self.look)?;
            self.data.extend_from_slice(piece);
            // Only in this piece: to search all white space again for each frame would be quadratic.
            let first = piece.iter().find(|byte| !byte.is_ascii_whitespace());
            let begins = first.filter(|_| !self.begun);
            if self.look.is_other || begins.is_some_and(|first| *first != b'{') {
                return Err(Malformed);
            }
            self.begun |= begins.is_some();
        }
        Ok(())
    }

    /// Joins the lines of data with line feeds, as the specification of server-sent events says.
    fn next_line(&mut self) {
        if !self.data.is_empty() {
            self.data.push(b'\n');
        }
    }

    fn is_added(&self) -> bool {
        let data = serde_json::from_slice(&self.data).unwrap_or(Value::Null);
        let choices = data.get("choices").and_then(Value::as_array);
        choices.is_some_and(Vec::is_empty) && data.get("usage").is_some_and(Value::is_object)
    }
}

impl Look {
    fn at(&mut self, path: &Path) {
        let path = path.as_str();
        self.is_other |= path.starts_with("choices[]") || matches!(path, "choices" | "usage");
    }
}

impl Visit for Look {
    fn string(&mut self, at: &Path) -> Take {
        self.at(at);
        Take::Skip
    }

    fn piece(&mut self, _: &Path, _: &str) {}

    fn value(&mut self, at: &Path, _: Scalar<'_>) {
        self.at(at);
    }

    fn document(&mut self) {}
}

fn is_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn pass(frame: &Bytes, start: usize, end: usize, out: &mut VecDeque<Bytes>) {
    if start < end {
        out.push_back(frame.slice(start..end));
    }
}

const DATA: &[u8] = b"data";
/// A byte order mark, which may precede the first line.
const BOM: &[u8] = b"\xef\xbb\xbf";
/// The number of bytes that are scanned before the result is checked. A chunk of content is recognised by the
/// third piece, so that a long one is not scanned to its end.
const SCANNED_PIECE: usize = 96;
