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
//! After a CR at the end of a frame the event has already ended although an LF may follow in the next frame, so
//! `took_return` removes that LF if it belongs to the removed event.

use std::collections::VecDeque;

use bytes::Bytes;
use serde_json::Value;

use throughline_llm_wire::json::{Malformed, Path, Scalar, Scanner, Take, Visit};
use throughline_llm_wire::sse::{Field, LineReader, Token};

/// Removes one event from a stream of events: the first whose data has an empty `choices` and a `usage`
/// object.
///
/// It holds back only an event that may still be that one, and at most [`Cutter::MAX_HELD_BYTES`].
#[derive(Debug, Default)]
pub(super) struct Cutter {
    mode: Mode,
    lines: LineReader,
    /// A line feed that comes next is part of the removed event.
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
            let before = self.mode;
            if self.is_done() {
                break;
            }
            if before == Mode::Between {
                held = at;
            }
            let (length, token) = self.lines.read(rest);
            at += length;
            #[cfg(test)]
            self.count(length);
            if std::mem::take(&mut self.took_return) && token == Token::LineFeed {
                start = at;
            }
            self.read(token, rest.get(..length).unwrap_or_default());
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

    fn read(&mut self, token: Token, bytes: &[u8]) {
        match (self.mode, token) {
            (Mode::Between, Token::End { .. } | Token::LineFeed) => {}
            (Mode::Between, Token::Begin(Field::Comment)) => self.mode = Mode::Comment,
            (Mode::Between, _) => {
                self.mode = Mode::Held;
                self.event.reset();
                self.read_held(token, bytes);
            }
            (Mode::Held, _) => self.read_held(token, bytes),
            (Mode::Comment, Token::End { .. }) | (Mode::Passing, Token::End { is_blank: true }) => {
                self.mode = Mode::Between;
            }
            (Mode::Comment | Mode::Passing | Mode::Done, _) => {}
        }
    }

    fn read_held(&mut self, token: Token, bytes: &[u8]) {
        match token {
            Token::Begin(Field::Data) => self.event.next_line(),
            Token::Value(Field::Data) if self.event.read(bytes).is_err() => self.mode = Mode::Passing,
            Token::End { is_blank: true } if self.event.is_added() => {
                self.mode = Mode::Done;
                self.took_return = self.lines.is_after_return();
            }
            Token::End { is_blank: true } => self.mode = Mode::Between,
            _ => {}
        }
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

fn pass(frame: &Bytes, start: usize, end: usize, out: &mut VecDeque<Bytes>) {
    if start < end {
        out.push_back(frame.slice(start..end));
    }
}

/// The number of bytes that are scanned before the result is checked. A chunk of content is recognised by the
/// third piece, so that a long one is not scanned to its end.
const SCANNED_PIECE: usize = 96;
