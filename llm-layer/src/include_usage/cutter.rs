//! Finds the event that was added to a stream, and takes it out.

use std::collections::VecDeque;

use bytes::Bytes;
use memchr::memchr2;
use serde_json::Value;

use throughline_llm_wire::json::{Malformed, Path, Scalar, Scanner, Take, Visit};

/// Reads a stream of events and leaves one of them out: the first whose data has no choices and a usage.
///
/// All that is held back is an event that may still be that one, so at most [`Cutter::HELD`] bytes.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    mode: Mode,
    line: Line,
    /// The last line ended with a carriage return: a line feed right behind belongs to it.
    after_return: bool,
    /// That line feed went with the event.
    took_return: bool,
    held: Held,
    event: Event,
    /// How many steps and bytes it took, for a test that this grows with the stream and not faster.
    #[cfg(test)]
    work: u64,
}

/// Frames that are held back. Their length is kept and not summed up: an event may come in as many frames as
/// it has bytes.
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
    /// In an event that may be the one.
    Held,
    /// In an event that is not.
    Passing,
    /// The event was taken out.
    Done,
}

/// How far the current line has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Line {
    #[default]
    Start,
    /// In the name of its field, of which so many bytes are those of `data`.
    Name(usize),
    /// Behind the colon of `data`.
    Data,
    Other,
}

/// What is known of the event that is held.
#[derive(Debug, Default)]
struct Event {
    data: Vec<u8>,
    /// Its data has begun like an object.
    begun: bool,
    scanner: Scanner,
    look: Look,
}

/// Looks for what the added event cannot have.
#[derive(Debug, Default)]
struct Look {
    is_other: bool,
}

impl Cutter {
    /// The most bytes that are held back; the added event has about 500.
    pub(super) const HELD: usize = 16 * 1024;

    /// Whether all that is still to come passes.
    pub(super) fn is_done(&self) -> bool {
        self.mode == Mode::Done && !self.took_return
    }

    /// The number of bytes that are held back.
    pub(super) fn held(&self) -> usize {
        self.held.length
    }

    /// Reads a frame; what can pass goes to `out`.
    pub(super) fn feed(&mut self, frame: &Bytes, out: &mut VecDeque<Bytes>) {
        // The first byte that is neither passed nor taken out, and the first of the event that is held.
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
        if self.held() > Self::HELD {
            self.mode = Mode::Passing;
            out.extend(self.held.take());
        }
    }

    /// Ends the stream: its last event may lack the blank line.
    pub(super) fn finish(&mut self, out: &mut VecDeque<Bytes>) {
        if self.mode == Mode::Held && self.event.is_added() {
            drop(self.held.take());
        }
        out.extend(self.held.take());
        self.mode = Mode::Done;
    }

    /// Counts a step that looked at so many bytes or frames.
    #[cfg(test)]
    fn count(&mut self, seen: usize) {
        self.work += 1 + seen as u64;
    }

    /// How many steps it took, and how many bytes and frames were looked at in them.
    #[cfg(test)]
    pub(super) fn work(&self) -> u64 {
        self.work
    }

    /// Reads some bytes, at most a line.
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
            (Line::Name(known), b':') if known == DATA.len() => {
                self.line = Line::Data;
                self.event.next_line();
                1
            }
            (Line::Name(0), byte) if BOM.contains(&byte) => 1,
            (Line::Name(known), byte) if !is_end(byte) => {
                self.line = match DATA.get(known) {
                    Some(next) if *next == byte => Line::Name(known + 1),
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

    /// Goes on behind the end of the line; the end of an empty one ends the event.
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

    /// Reads of its data; an error if it cannot be the added one.
    fn read(&mut self, value: &[u8]) -> Result<(), Malformed> {
        for piece in value.chunks(PIECE) {
            if self.data.len() > Cutter::HELD {
                return Err(Malformed);
            }
            self.scanner.feed(piece, &mut self.look)?;
            self.data.extend_from_slice(piece);
            // Only what came now: to look at all of the white space again for each frame would be quadratic.
            let first = piece.iter().find(|byte| !byte.is_ascii_whitespace());
            let begins = first.filter(|_| !self.begun);
            if self.look.is_other || begins.is_some_and(|first| *first != b'{') {
                return Err(Malformed);
            }
            self.begun |= begins.is_some();
        }
        Ok(())
    }

    /// Lines of data are one text with line feeds between them.
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
/// A byte order mark may stand in front of the first line.
const BOM: &[u8] = b"\xef\xbb\xbf";
/// How much of an event is looked at at once: content has begun by the third.
const PIECE: usize = 96;
