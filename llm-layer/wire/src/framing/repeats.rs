//! Reads events that repeat an earlier event in all but their text, without parsing them again.
//!
//! Nearly all events of a stream differ from the one before them in one string only:
//! `{"id":…,"choices":[{"index":0,"delta":{"content":"` text of a token `"},"finish_reason":null}]}`. Parsing
//! such an event costs about fifty times as much as comparing its bytes. So the bytes of an event are stored
//! as a [`Shape`], with holes for the parts that may differ:
//!
//! | hole | matches | occurs in |
//! |---|---|---|
//! | text | a string: the text of the answer, exactly one in a shape | every stream |
//! | string, number | a value at a path for which [`Repeat::ignores`] returns `true` | `sequence_number`, `obfuscation`, `created_at` |
//! | space | spaces before the last brace | Anthropic's padding |
//!
//! An event that matches the shape would make the same calls to the receiver as the event that was stored,
//! apart from the text. These calls can be skipped, and only the text passed on ([`Repeat::again`]), if they
//! do not change the receiver. A receiver depends on its state and its arguments only. So if it was in some
//! state before such an event, and in the same state after it, then the next such event leaves it in that
//! state too, by induction.
//!
//! The state is compared, not assumed. [`Trust`] is the progress of the proof: once an event matches the
//! shape of an earlier one, [`Repeat::is_unchanged`] is called after every event that is read in full
//! (`Watched`), and once it returns `true` for an event of the shape, repetitions are skipped (`Settled`).
//! Any other event that changes the receiver starts the proof again.
//!
//! Events that are cut by the end of a frame, and events of another shape, are read in full.

use std::ops::Range;

use memchr::memchr2;

use super::{Receive, Repeat};
use crate::json::{Malformed, Path, Scalar, Take, Visit, decode};
use crate::reply::TextPlace;

/// A framing that can stop between events.
pub(crate) trait Events {
    /// Returns whether no event is open, so that nothing read before affects how the next bytes are read.
    fn is_between(&self) -> bool;

    /// Reads to the end of an event. Returns the bytes after it.
    fn read<'a>(&mut self, bytes: &'a [u8], receive: &mut impl Receive) -> &'a [u8];

    /// Ends the stream.
    fn finish(&mut self, receive: &mut impl Receive) -> Result<(), Malformed>;
}

/// Reads events. Skips the framing and the JSON of those that repeat an earlier one.
#[derive(Debug, Default)]
pub(crate) struct Repeats<E> {
    events: E,
    shape: Shape,
    /// Where the text of the shape goes.
    place: Option<TextPlace>,
    trust: Trust,
    /// The shape of the event that is being read, so far.
    next: Shape,
    /// The first event is probably the only one. Nothing is stored of it.
    skips_first: bool,
}

/// Whether an event of the shape leaves the receiver unchanged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Trust {
    /// Unknown.
    #[default]
    None,
    /// The state of the receiver is compared after every event.
    Watched,
    /// An event of the shape leaves it unchanged.
    Settled,
}

/// The bytes of an event, and the ranges in which a repeated event may differ.
#[derive(Debug, Default)]
struct Shape {
    bytes: Vec<u8>,
    holes: Vec<Hole>,
}

#[derive(Debug, Clone)]
struct Hole {
    at: Range<usize>,
    kind: HoleKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HoleKind {
    Text,
    String,
    Number,
    Space,
}

impl<E: Events> Repeats<E> {
    /// Compares events from the second one on.
    pub(super) fn after_first() -> Self
    where
        E: Default,
    {
        Self {
            skips_first: true,
            ..Self::default()
        }
    }

    pub(super) fn feed(&mut self, mut bytes: &[u8], receive: &mut impl Repeat) {
        while !bytes.is_empty() {
            if self.skips_first {
                bytes = self.events.read(bytes, receive);
                self.skips_first = !self.events.is_between();
                continue;
            }
            let begins = self.events.is_between();
            let again = begins.then(|| self.shape.split(bytes)).flatten();
            if let (Some((text, rest)), Some(place), Trust::Settled) = (again, self.place, self.trust) {
                decode(text, &mut |piece| receive.text(place, piece));
                receive.again();
                bytes = rest;
                continue;
            }
            let mut record = Record::new(bytes, &mut self.next.holes, receive);
            let rest = self.events.read(bytes, &mut record);
            let is_one = record.is_one() && begins;
            if self.events.is_between() {
                let event = bytes.get(..bytes.len() - rest.len()).filter(|_| is_one);
                let place = event.and_then(|event| self.next.take(event).then(|| receive.place())?);
                self.learn(again.is_some(), place, receive);
            }
            bytes = rest;
        }
    }

    pub(super) fn finish(&mut self, receive: &mut impl Receive) -> Result<(), Malformed> {
        self.events.finish(receive)
    }

    /// Updates shape and trust after an event that was read in full. `place` is where the text of `next`
    /// goes; `None` if the event cannot be a shape.
    fn learn(&mut self, is_repeat: bool, place: Option<TextPlace>, receive: &mut impl Repeat) {
        let is_same = is_repeat && place.is_some() && place == self.place;
        if place.is_some() {
            // Also after a repeated event: which of its strings is the text may depend on the state.
            std::mem::swap(&mut self.shape, &mut self.next);
        }
        if place.is_some() && !is_same {
            self.place = place;
            self.trust = Trust::None;
            return;
        }
        let is_unchanged = (is_same || self.trust != Trust::None) && receive.is_unchanged();
        self.trust = match self.trust {
            Trust::None if is_same => Trust::Watched,
            Trust::None => Trust::None,
            _ if !is_unchanged => Trust::Watched,
            _ if is_same => Trust::Settled,
            trust => trust,
        };
        if self.trust == Trust::Settled {
            // Of a slow stream, no other event is read in full for long.
            self.next = Shape::default();
        }
    }
}

impl Shape {
    /// The maximum size of an event that is stored, and the maximum number of its holes.
    const MAX_EVENT_BYTES: usize = 2048;
    const MAX_HOLES: usize = 8;

    /// Splits bytes that begin with an event of this shape into the inside of its text and the bytes after
    /// the event.
    fn split<'a>(&self, bytes: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let (mut rest, mut from, mut text) = (bytes, 0, None);
        for Hole { at, kind } in &self.holes {
            let (value, behind) = kind.split(rest.strip_prefix(self.bytes.get(from..at.start)?)?)?;
            text = text.or_else(|| (*kind == HoleKind::Text).then_some(value));
            (rest, from) = (behind, at.end);
        }
        Some((text?, rest.strip_prefix(self.bytes.get(from..)?)?))
    }

    /// Stores the bytes of an event whose holes were recorded. Returns `false` if it cannot be a shape.
    fn take(&mut self, event: &[u8]) -> bool {
        let text_holes = self.holes.iter().filter(|hole| hole.kind == HoleKind::Text);
        if event.len() > Self::MAX_EVENT_BYTES
            || self.holes.len() > Self::MAX_HOLES
            || text_holes.count() != 1
        {
            return false;
        }
        let brace = event.iter().rposition(|byte| *byte == b'}').unwrap_or(0);
        if self.holes.last().is_some_and(|last| last.at.end <= brace) {
            let spaces = event.iter().take(brace).rev().take_while(|byte| **byte == b' ');
            let at = brace - spaces.count()..brace;
            self.holes.push(Hole {
                at,
                kind: HoleKind::Space,
            });
        }
        self.bytes.clear();
        self.bytes.extend_from_slice(event);
        true
    }
}

impl HoleKind {
    /// The maximum length of a number and of a string.
    const MAX_DIGITS: usize = 20;
    const MAX_STRING_BYTES: usize = 1024;

    /// Splits bytes into what fills such a hole and what follows it.
    fn split(self, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
        let count = |is: fn(&u8) -> bool| bytes.iter().take_while(|byte| is(byte)).count();
        let len = match self {
            Self::Text | Self::String => {
                let bytes = bytes.get(..Self::MAX_STRING_BYTES).unwrap_or(bytes);
                // Most texts are those of one token: shorter than a search by vectors is worth.
                let short = (self == Self::Text).then(|| short_string(bytes)).flatten();
                short.or_else(|| string(bytes))?
            }
            Self::Number => {
                Some(count(u8::is_ascii_digit)).filter(|len| (1..=Self::MAX_DIGITS).contains(len))?
            }
            Self::Space => count(|byte| *byte == b' '),
        };
        bytes.split_at_checked(len)
    }
}

/// Records the holes of an event while it is read.
struct Record<'a, R> {
    bytes: &'a [u8],
    holes: &'a mut Vec<Hole>,
    receive: &'a mut R,
    pieces: usize,
    documents: usize,
    is_malformed: bool,
}

impl<'a, R: Repeat> Record<'a, R> {
    fn new(bytes: &'a [u8], holes: &'a mut Vec<Hole>, receive: &'a mut R) -> Self {
        holes.clear();
        Self {
            bytes,
            holes,
            receive,
            pieces: 0,
            documents: 0,
            is_malformed: false,
        }
    }

    /// Returns whether what was read is one document with one piece of text, and nothing else.
    fn is_one(&self) -> bool {
        (self.documents, self.pieces, self.is_malformed) == (1, 1, false)
    }

    /// Records a value that may differ, if it is a part of the bytes of the event.
    fn hole(&mut self, value: &str, kind: HoleKind) {
        let Some(at) = within(self.bytes, value) else {
            return;
        };
        let before = at.start.checked_sub(1).and_then(|at| self.bytes.get(at));
        let is_whole = match kind {
            HoleKind::Number => value.bytes().all(|byte| byte.is_ascii_digit()),
            _ => before == Some(&b'"') && self.bytes.get(at.end) == Some(&b'"'),
        };
        if is_whole && self.holes.len() <= Shape::MAX_HOLES {
            self.holes.push(Hole { at, kind });
        }
    }
}

impl<R: Repeat> Visit for Record<'_, R> {
    fn is_envelope(&mut self, at: &Path) -> bool {
        self.receive.is_envelope(at)
    }

    fn string(&mut self, at: &Path) -> Take {
        self.receive.string(at)
    }

    fn piece(&mut self, at: &Path, piece: &str) {
        self.pieces += 1;
        self.hole(piece, HoleKind::Text);
        self.receive.piece(at, piece);
    }

    fn string_end(&mut self, at: &Path) {
        self.receive.string_end(at);
    }

    fn value(&mut self, at: &Path, value: Scalar<'_>) {
        let varies = match value {
            Scalar::Text(text) => Some((text, HoleKind::String)),
            Scalar::Number(digits) => Some((digits, HoleKind::Number)),
            Scalar::Bool(_) | Scalar::Null => None,
        };
        if let Some((value, kind)) = varies.filter(|_| self.receive.ignores(at)) {
            self.hole(value, kind);
        }
        self.receive.value(at, value);
    }

    fn document(&mut self) {
        self.documents += 1;
        self.receive.document();
    }
}

impl<R: Repeat> Receive for Record<'_, R> {
    fn event(&mut self, name: &str) {
        self.receive.event(name);
    }

    fn done(&mut self) {
        self.receive.done();
    }

    fn fail(&mut self, code: &str) {
        self.receive.fail(code);
    }

    fn malformed(&mut self) {
        self.is_malformed = true;
        self.receive.malformed();
    }
}

/// Returns the length of the string whose inside `bytes` begins with, if it is short and has no escape.
fn short_string(bytes: &[u8]) -> Option<usize> {
    let (end, stop) = bytes
        .iter()
        .take(SHORT_STRING_BYTES)
        .enumerate()
        .find(|(_, byte)| matches!(byte, b'"' | b'\\' | b'\n' | b'\r'))?;
    (*stop == b'"').then_some(end)
}

/// Returns the length of the string whose inside `bytes` begins with, if it is valid.
fn string(bytes: &[u8]) -> Option<usize> {
    let mut end = memchr2(b'"', b'\\', bytes)?;
    while bytes.get(end) == Some(&b'\\') {
        let digits = bytes.get(end + 2..end + 6);
        if bytes.get(end + 1) == Some(&b'u') && !digits?.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        end += 2 + memchr2(b'"', b'\\', bytes.get(end + 2..)?)?;
    }
    // In server-sent events, a string cannot contain the end of a line.
    let ends_line = |found, byte: &u8| found | matches!(byte, b'\n' | b'\r');
    let has_end = bytes.get(..end)?.iter().fold(false, ends_line);
    (!has_end).then_some(end)
}

const SHORT_STRING_BYTES: usize = 24;

/// Returns the range of `part` in `bytes`. `None` if it is not a slice of them.
fn within(bytes: &[u8], part: &str) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(bytes.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    (end <= bytes.len()).then_some(start..end)
}
