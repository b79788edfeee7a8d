//! Amazon's event stream: <https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html>.
//!
//! Checksums are not checked: whoever reads the stream does that, and here a wrong number is at worst a number less.

use super::Receive;
use super::base64::Base64;
use crate::json::{Malformed, Path, Scalar, Scanner, Take, Visit};

/// Reads the payloads of messages as JSON while they come.
#[derive(Debug, Default)]
pub(crate) struct EventStream {
    part: Part,
    /// The prelude or the headers, as far as they came.
    kept: Vec<u8>,
    payload: Scanner,
    chunk: Chunk,
    broken: bool,
}

/// What of a message comes next, and how many bytes of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Prelude,
    Headers {
        headers: usize,
        payload: usize,
    },
    Payload {
        left: usize,
    },
    Checksum {
        left: usize,
    },
}

/// The provider's own document in the member `bytes` of a payload.
#[derive(Debug, Default)]
struct Chunk {
    base64: Base64,
    scanner: Scanner,
    bytes: Vec<u8>,
    broken: bool,
}

impl EventStream {
    const PRELUDE: usize = 12;
    const CHECKSUM: usize = 4;
    /// The most bytes of headers; the format's own limit is 128 KiB.
    const HEADERS: usize = 16 * 1024;

    pub(super) fn feed(&mut self, mut bytes: &[u8], receive: &mut impl Receive) {
        while !bytes.is_empty() && !self.broken {
            let wanted = match self.part {
                Part::Prelude => Self::PRELUDE - self.kept.len(),
                Part::Headers { headers, .. } => headers - self.kept.len(),
                Part::Payload { left } | Part::Checksum { left } => left,
            };
            let Some((taken, rest)) = bytes.split_at_checked(wanted.min(bytes.len())) else {
                return;
            };
            bytes = rest;
            self.take(taken, wanted - taken.len(), receive);
        }
    }

    /// Ends the stream.
    pub(super) fn finish(&self) -> Result<(), Malformed> {
        let between = self.part == Part::Prelude && self.kept.is_empty();
        if between && !self.broken && !self.chunk.broken {
            Ok(())
        } else {
            Err(Malformed)
        }
    }

    /// Takes bytes of the current part, of which `left` are still to come.
    fn take(&mut self, taken: &[u8], left: usize, receive: &mut impl Receive) {
        match self.part {
            Part::Prelude | Part::Headers { .. } => {
                self.kept.extend_from_slice(taken);
                if left > 0 {
                    return;
                }
            }
            Part::Payload { .. } => {
                let mut unwrap = Unwrap {
                    chunk: &mut self.chunk,
                    receive,
                };
                self.broken = self.payload.feed(taken, &mut unwrap).is_err();
                if left > 0 {
                    self.part = Part::Payload { left };
                    return;
                }
            }
            Part::Checksum { .. } if left > 0 => {
                self.part = Part::Checksum { left };
                return;
            }
            Part::Checksum { .. } => {}
        }
        self.next(receive);
    }

    /// Goes on to the next part that has any bytes.
    fn next(&mut self, receive: &mut impl Receive) {
        self.part = match self.part {
            Part::Prelude => match lengths(&self.kept) {
                Some((headers, payload)) => Part::Headers { headers, payload },
                None => {
                    self.broken = true;
                    return;
                }
            },
            Part::Headers { payload, .. } => {
                announce(&self.kept, receive);
                self.payload.reset();
                Part::Payload { left: payload }
            }
            Part::Payload { .. } => Part::Checksum { left: Self::CHECKSUM },
            Part::Checksum { .. } => Part::Prelude,
        };
        self.kept.clear();
        if matches!(
            self.part,
            Part::Headers { headers: 0, .. } | Part::Payload { left: 0 }
        ) {
            self.next(receive);
        }
    }
}

/// The lengths of the headers and the payload that a prelude announces.
fn lengths(prelude: &[u8]) -> Option<(usize, usize)> {
    let total = usize::try_from(u32::from_be_bytes(*prelude.first_chunk()?)).ok()?;
    let headers = usize::try_from(u32::from_be_bytes(*prelude.get(4..)?.first_chunk()?)).ok()?;
    let payload = total
        .checked_sub(EventStream::PRELUDE + EventStream::CHECKSUM)?
        .checked_sub(headers)?;
    (headers <= EventStream::HEADERS).then_some((headers, payload))
}

/// Tells which event a message is, or which error.
fn announce(mut headers: &[u8], receive: &mut impl Receive) {
    while let Some((name, value, rest)) = header(headers) {
        match name {
            b":event-type" => receive.event(value),
            b":exception-type" | b":error-code" => receive.fail(value),
            _ => {}
        }
        headers = rest;
    }
}

/// The first header, if its value is a string, and what follows it.
fn header(headers: &[u8]) -> Option<(&[u8], &str, &[u8])> {
    const STRING: u8 = 7;
    let (len, rest) = headers.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(*len))?;
    let (kind, rest) = rest.split_first()?;
    if *kind != STRING {
        return None;
    }
    let len = u16::from_be_bytes(*rest.first_chunk()?);
    let (value, rest) = rest.get(2..)?.split_at_checked(usize::from(len))?;
    Some((name, std::str::from_utf8(value).ok()?, rest))
}

/// Reads the provider's document out of a payload's member `bytes`, and everything else as it is.
struct Unwrap<'a, R> {
    chunk: &'a mut Chunk,
    receive: &'a mut R,
}

impl<R: Receive> Visit for Unwrap<'_, R> {
    fn string(&mut self, at: &Path) -> Take {
        if at.as_str() == BYTES {
            self.chunk.base64 = Base64::default();
            self.chunk.scanner.reset();
            return Take::Pieces;
        }
        self.receive.string(at)
    }

    fn piece(&mut self, at: &Path, piece: &str) {
        if at.as_str() != BYTES {
            return self.receive.piece(at, piece);
        }
        let chunk = &mut *self.chunk;
        chunk.bytes.clear();
        chunk.base64.feed(piece, &mut chunk.bytes);
        chunk.broken |= chunk.scanner.feed(&chunk.bytes, self.receive).is_err();
    }

    fn value(&mut self, at: &Path, value: Scalar<'_>) {
        self.receive.value(at, value);
    }

    fn document(&mut self) {
        self.receive.document();
    }
}

const BYTES: &str = "bytes";
