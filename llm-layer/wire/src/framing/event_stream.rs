//! Amazon's event stream: <https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html>.
//!
//! Checksums are not verified. The client that reads the stream does that, and the worst effect of a corrupt
//! message here is a missing count.

use std::str::Utf8Chunk;

use super::Receive;
use super::base64::Base64;
use crate::json::{Container, Malformed, Path, Scalar, Scanner, Take, Visit};

/// Reads the payloads of messages as JSON incrementally.
#[derive(Debug, Default)]
pub(crate) struct EventStream {
    part: Part,
    /// The prelude or the headers so far.
    head: Vec<u8>,
    payload: Scanner,
    chunk: Chunk,
    broken: bool,
}

/// The part of a message that is being read, and its length in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Prelude,
    Headers {
        headers: usize,
        payload: usize,
    },
    Payload {
        remaining: usize,
    },
    Checksum {
        remaining: usize,
    },
}

/// The provider's document or text, in base64 in the member `bytes` of a payload.
#[derive(Debug, Default)]
struct Chunk {
    base64: Base64,
    scanner: Scanner,
    /// What was decoded and not read yet.
    bytes: Vec<u8>,
    is_text: bool,
    /// The rest of the document is not read.
    broken: bool,
    /// A document was broken.
    any_broken: bool,
}

impl EventStream {
    const PRELUDE_BYTES: usize = 12;
    const CHECKSUM_BYTES: usize = 4;
    /// The maximum size of headers. The limit of the format is 128 KiB.
    const MAX_HEADER_BYTES: usize = 16 * 1024;

    pub(super) fn feed(&mut self, mut bytes: &[u8], receive: &mut impl Receive) {
        while !bytes.is_empty() && !self.broken {
            let wanted = match self.part {
                Part::Prelude => Self::PRELUDE_BYTES - self.head.len(),
                Part::Headers { headers, .. } => headers - self.head.len(),
                Part::Payload { remaining } | Part::Checksum { remaining } => remaining,
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
        let between = self.part == Part::Prelude && self.head.is_empty();
        if between && !self.broken && !self.chunk.any_broken {
            Ok(())
        } else {
            Err(Malformed)
        }
    }

    /// Reads bytes of the current part. `remaining` is the number of its bytes that follow later.
    fn take(&mut self, taken: &[u8], remaining: usize, receive: &mut impl Receive) {
        match self.part {
            Part::Prelude | Part::Headers { .. } => {
                self.head.extend_from_slice(taken);
                if remaining > 0 {
                    return;
                }
            }
            Part::Payload { .. } => {
                let mut unwrap = Unwrap {
                    chunk: &mut self.chunk,
                    receive,
                };
                self.broken = self.payload.feed(taken, &mut unwrap).is_err();
                if remaining > 0 {
                    self.part = Part::Payload { remaining };
                    return;
                }
            }
            Part::Checksum { .. } if remaining > 0 => {
                self.part = Part::Checksum { remaining };
                return;
            }
            Part::Checksum { .. } => {}
        }
        self.next(receive);
    }

    /// Moves on to the next part that is not empty.
    fn next(&mut self, receive: &mut impl Receive) {
        self.part = match self.part {
            Part::Prelude => match lengths(&self.head) {
                Some((headers, payload)) => Part::Headers { headers, payload },
                None => {
                    self.broken = true;
                    return;
                }
            },
            Part::Headers { payload, .. } => {
                announce(&self.head, receive);
                self.payload.reset();
                Part::Payload { remaining: payload }
            }
            Part::Payload { .. } => Part::Checksum {
                remaining: Self::CHECKSUM_BYTES,
            },
            Part::Checksum { .. } => Part::Prelude,
        };
        self.head.clear();
        if matches!(
            self.part,
            Part::Headers { headers: 0, .. } | Part::Payload { remaining: 0 }
        ) {
            self.next(receive);
        }
    }
}

/// Returns the lengths of the headers and the payload.
fn lengths(prelude: &[u8]) -> Option<(usize, usize)> {
    let total = usize::try_from(u32::from_be_bytes(*prelude.first_chunk()?)).ok()?;
    let headers = usize::try_from(u32::from_be_bytes(*prelude.get(4..)?.first_chunk()?)).ok()?;
    let payload = total
        .checked_sub(EventStream::PRELUDE_BYTES + EventStream::CHECKSUM_BYTES)?
        .checked_sub(headers)?;
    (headers <= EventStream::MAX_HEADER_BYTES).then_some((headers, payload))
}

/// Reports the type of an event, or the error.
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

/// Decodes the member `bytes` of a payload, which contains the provider's document, or a text if the format takes one there.
/// Forwards all other values.
struct Unwrap<'a, R> {
    chunk: &'a mut Chunk,
    receive: &'a mut R,
}

#[deny(clippy::missing_trait_methods)]
impl<R: Receive> Visit for Unwrap<'_, R> {
    fn open(&mut self, at: &Path, container: Container) -> bool {
        self.receive.open(at, container)
    }

    fn is_envelope(&mut self, at: &Path) -> bool {
        self.receive.is_envelope(at)
    }

    fn close(&mut self, at: &Path) {
        self.receive.close(at);
    }

    fn key(&mut self, piece: &str) {
        self.receive.key(piece);
    }

    fn string(&mut self, at: &Path) -> Take {
        let take = self.receive.string(at);
        if at.as_str() != CHUNK_MEMBER {
            return take;
        }
        self.chunk.base64 = Base64::default();
        self.chunk.bytes.clear();
        self.chunk.is_text = take == Take::Pieces;
        self.chunk.scanner.reset();
        self.chunk.broken = false;
        Take::Pieces
    }

    fn piece(&mut self, at: &Path, piece: &str) {
        if at.as_str() != CHUNK_MEMBER {
            return self.receive.piece(at, piece);
        }
        let chunk = &mut *self.chunk;
        if chunk.broken {
            return;
        }
        chunk.base64.feed(piece, &mut chunk.bytes);
        if chunk.is_text {
            let text = chunk.bytes.utf8_chunks().next();
            let text = text.as_ref().map_or("", Utf8Chunk::valid);
            self.receive.piece(at, text);
            let end = text.len();
            chunk.bytes.drain(..end);
            // An incomplete character has at most three bytes.
            chunk.broken = chunk.bytes.len() > 3;
            chunk.any_broken |= chunk.broken;
            return;
        }
        chunk.broken = chunk.scanner.feed(&chunk.bytes, self.receive).is_err();
        chunk.any_broken |= chunk.broken;
        chunk.bytes.clear();
    }

    fn string_end(&mut self, at: &Path) {
        if at.as_str() != CHUNK_MEMBER || self.chunk.is_text {
            self.receive.string_end(at);
        }
    }

    fn value(&mut self, at: &Path, value: Scalar<'_>) {
        self.receive.value(at, value);
    }

    fn document(&mut self) {
        self.receive.document();
    }
}

const CHUNK_MEMBER: &str = "bytes";
