//! Events that say again what the one before them said, but for their text.
//!
//! That is what nearly all of a stream is: `{"id":…,"choices":[{"index":0,"delta":{"content":"` a token's text
//! `"},"finish_reason":null}]}`, each time with the same bytes around the text. To read them all costs fifty times what
//! it costs to see that they are the same, so an event is kept as a [`Shape`]: its bytes, and the holes in them.
//!
//! | hole | matches | in |
//! |---|---|---|
//! | text | a string: a text of the answer, exactly one in a shape | every stream |
//! | string, number | the same, of a value that [`Repeat::ignores`] | `sequence_number`, `obfuscation`, `created_at` |
//! | space | spaces in front of the last brace | Anthropic's padding |
//!
//! Bytes that fit a shape would tell the receiver the same again but for the text. If the receiver is the same as it was
//! when it heard that before, and was left the same by it, then by induction it is left the same again, whatever it does
//! with what it hears: so that need not be told, only the text ([`Repeat::again`]). Both are seen and not assumed:
//! once an event fits the shape of one before it, the receiver is asked after every event read in full whether it
//! [is as it was](Repeat::is_unchanged).
//!
//! An event that is cut or new is read in full.

use std::ops::Range;

use memchr::memchr2;

use super::{Receive, Repeat};
use crate::json::{Malformed, Path, Scalar, Take, Visit, decode};
use crate::reply::TextPlace;

/// A framing that can stop between events.
pub(crate) trait Events {
    /// Whether no event is open: what was read before does not matter to how the next bytes are read.
    fn is_between(&self) -> bool;

    /// Reads to the end of an event; what is behind it.
    fn read<'a>(&mut self, bytes: &'a [u8], receive: &mut impl Receive) -> &'a [u8];

    /// Ends the stream.
    fn finish(&mut self, receive: &mut impl Receive) -> Result<(), Malformed>;
}

/// Reads events, those that repeat one before them without their framing and JSON.
#[derive(Debug, Default)]
pub(crate) struct Repeats<E> {
    events: E,
    shape: Shape,
    /// Where the text of the shape goes.
    place: Option<TextPlace>,
    trust: Trust,
    /// The shape of the event being read, as far as it is known.
    next: Shape,
}

/// What is known of the receiver.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Trust {
    /// Nothing.
    #[default]
    None,
    /// Every event since it was asked for the first time was followed by asking again.
    Watched,
    /// An event of the shape leaves it as it is.
    Settled,
}

/// The bytes of an event, and which of them may be others.
#[derive(Debug, Default)]
struct Shape {
    bytes: Vec<u8>,
    holes: Vec<Hole>,
}

#[derive(Debug, Clone)]
struct Hole {
    at: Range<usize>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    String,
    Number,
    Space,
}

impl<E: Events> Repeats<E> {
    pub(super) fn feed(&mut self, mut bytes: &[u8], receive: &mut impl Repeat) {
        while !bytes.is_empty() {
            let begins = self.events.is_between();
            let again = begins.then(|| self.shape.fit(bytes)).flatten();
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

    /// Takes note of an event that was read in full; `place` is where the text of the next shape goes, if it is one.
    fn learn(&mut self, fits: bool, place: Option<TextPlace>, receive: &mut impl Repeat) {
        let is_same = fits && place.is_some() && place == self.place;
        if let Some(place) = place.filter(|_| !is_same) {
            std::mem::swap(&mut self.shape, &mut self.next);
            self.place = Some(place);
            self.trust = Trust::None;
            return;
        }
        let settled = (is_same || self.trust != Trust::None) && receive.is_unchanged();
        self.trust = match self.trust {
            Trust::None if is_same => Trust::Watched,
            Trust::None => Trust::None,
            _ if !settled => Trust::Watched,
            _ if is_same => Trust::Settled,
            trust => trust,
        };
    }
}

impl Shape {
    /// The longest event that is kept, and the most holes in it.
    const LONGEST: usize = 2048;
    const HOLES: usize = 8;

    /// The inside of the text, if the bytes begin with an event of this shape, and what is behind that.
    fn fit<'a>(&self, bytes: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let (mut rest, mut from, mut text) = (bytes, 0, None);
        for Hole { at, kind } in &self.holes {
            let (value, behind) = kind.split(rest.strip_prefix(self.bytes.get(from..at.start)?)?)?;
            text = text.or_else(|| (*kind == Kind::Text).then_some(value));
            (rest, from) = (behind, at.end);
        }
        Some((text?, rest.strip_prefix(self.bytes.get(from..)?)?))
    }

    /// Takes the bytes of an event whose holes are known; `false` if it is none to wait for again.
    fn take(&mut self, event: &[u8]) -> bool {
        let texts = self.holes.iter().filter(|hole| hole.kind == Kind::Text);
        if event.len() > Self::LONGEST || self.holes.len() > Self::HOLES || texts.count() != 1 {
            return false;
        }
        let brace = event.iter().rposition(|byte| *byte == b'}').unwrap_or(0);
        if self.holes.last().is_some_and(|last| last.at.end <= brace) {
            let spaces = event.iter().take(brace).rev().take_while(|byte| **byte == b' ');
            let at = brace - spaces.count()..brace;
            self.holes.push(Hole {
                at,
                kind: Kind::Space,
            });
        }
        self.bytes.clear();
        self.bytes.extend_from_slice(event);
        true
    }
}

impl Kind {
    /// The most digits of a number, and bytes of a string.
    const DIGITS: usize = 20;
    const STRING: usize = 1024;

    /// What fills such a hole, and what is behind it.
    fn split(self, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
        let count = |is: fn(&u8) -> bool| bytes.iter().take_while(|byte| is(byte)).count();
        let len = match self {
            Self::Text | Self::String => string(bytes.get(..Self::STRING).unwrap_or(bytes))?,
            Self::Number => Some(count(u8::is_ascii_digit)).filter(|len| (1..=Self::DIGITS).contains(len))?,
            Self::Space => count(|byte| *byte == b' '),
        };
        bytes.split_at_checked(len)
    }
}

/// Looks for holes in an event while it is read.
struct Record<'a, R> {
    bytes: &'a [u8],
    holes: &'a mut Vec<Hole>,
    receive: &'a mut R,
    pieces: usize,
    documents: usize,
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
        }
    }

    /// Whether what was read is one document with one piece of text.
    fn is_one(&self) -> bool {
        (self.documents, self.pieces) == (1, 1)
    }

    /// A value that may be another, if it lies in the event as it is.
    fn hole(&mut self, value: &str, kind: Kind) {
        let Some(at) = within(self.bytes, value) else {
            return;
        };
        let before = at.start.checked_sub(1).and_then(|at| self.bytes.get(at));
        let is_whole = match kind {
            Kind::Number => value.bytes().all(|byte| byte.is_ascii_digit()),
            _ => before == Some(&b'"') && self.bytes.get(at.end) == Some(&b'"'),
        };
        if is_whole && self.holes.len() <= Shape::HOLES {
            self.holes.push(Hole { at, kind });
        }
    }
}

impl<R: Repeat> Visit for Record<'_, R> {
    fn string(&mut self, at: &Path) -> Take {
        self.receive.string(at)
    }

    fn piece(&mut self, at: &Path, piece: &str) {
        self.pieces += 1;
        self.hole(piece, Kind::Text);
        self.receive.piece(at, piece);
    }

    fn value(&mut self, at: &Path, value: Scalar<'_>) {
        let varies = match value {
            Scalar::Text(text) => Some((text, Kind::String)),
            Scalar::Number(digits) => Some((digits, Kind::Number)),
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
}

/// The length of the string that begins `bytes` behind its quotation mark, if nothing is wrong in it.
fn string(bytes: &[u8]) -> Option<usize> {
    let mut end = memchr2(b'"', b'\\', bytes)?;
    while bytes.get(end) == Some(&b'\\') {
        let digits = bytes.get(end + 2..end + 6);
        if bytes.get(end + 1) == Some(&b'u') && !digits?.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        end += 2 + memchr2(b'"', b'\\', bytes.get(end + 2..)?)?;
    }
    // In a stream of events the end of a line is no part of a string.
    let ends_line = |found, byte: &u8| found | matches!(byte, b'\n' | b'\r');
    let has_end = bytes.get(..end)?.iter().fold(false, ends_line);
    (!has_end).then_some(end)
}

/// Where in `bytes` a part of them lies; `None` if it is no part of them.
fn within(bytes: &[u8], part: &str) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(bytes.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    (end <= bytes.len()).then_some(start..end)
}
