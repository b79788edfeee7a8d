//! Reads a request body before it is sent, a step at a time.
//!
//! The scanner takes about 1 ns for a byte of text and up to 20 ns for a byte of punctuation. So that no poll takes longer
//! than a few milliseconds, whatever the body, at most [`STEP`] bytes are read in one; then the task is woken, and others
//! have their turn. What is read fills the [`Candidates`]; no tree is made.

use super::request_copy::RequestCopy;
use crate::encoding::{Coding, Decoder, Hidden, Side};
use crate::json::StrictScanner;
use crate::wire::{Candidates, Extent};

/// Reads a body into the formats that it may be in.
#[derive(Debug)]
pub(super) struct RequestReader {
    candidates: Candidates,
    scanner: StrictScanner,
    decoder: Decoder,
    coding: Option<Coding>,
    /// The most bytes that are read, decoded.
    limit: usize,
    /// Why nothing more is read.
    ended: Option<Unseen>,
}

/// Why a body was not read, or not all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unseen {
    Encoded,
    Failed,
    Fragmented,
    Malformed,
    TooLarge,
}

/// What was read of a body.
#[derive(Debug)]
pub(super) struct ReadBody {
    pub(super) candidates: Candidates,
    /// Why that is not all.
    pub(super) unseen: Option<Unseen>,
    /// The body itself, if it was read to its end.
    pub(super) copy: Option<RequestCopy>,
}

impl RequestReader {
    pub(super) fn new(candidates: Candidates, coding: Result<Option<Coding>, Hidden>, limit: usize) -> Self {
        Self {
            candidates,
            scanner: StrictScanner::new(),
            decoder: Decoder::new(coding.unwrap_or(None), Side::Request),
            coding: coding.unwrap_or(None),
            limit,
            ended: coding.err().map(Unseen::from),
        }
    }

    /// The most bytes that are read.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Whether nothing more can be read.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    /// Reads no more, for this reason.
    pub(super) fn end(&mut self, reason: Unseen) {
        self.ended.get_or_insert(reason);
    }

    /// Reads of `bytes`; returns how many of them. `budget` is how many bytes may still be read in this poll, decoded.
    pub(super) fn read(&mut self, bytes: &[u8], budget: &mut usize) -> usize {
        let mut consumed = 0;
        while let Some(rest) = bytes.get(consumed..).filter(|rest| !rest.is_empty()) {
            if self.ended.is_some() || *budget == 0 {
                break;
            }
            let room = self.limit.saturating_sub(self.decoder.decoded());
            if room == 0 {
                self.end(Unseen::TooLarge);
                break;
            }
            // What is encoded unfolds to nobody knows how much.
            let length = match self.coding {
                None => room.min(*budget).min(rest.len()),
                Some(_) => Decoder::STEP.min(rest.len()),
            };
            let before = self.decoder.decoded();
            self.step(rest.get(..length).unwrap_or(rest), room);
            // What is encoded may unfold to nothing.
            *budget = budget.saturating_sub((self.decoder.decoded() - before).max(length));
            consumed += length;
        }
        consumed
    }

    fn step(&mut self, bytes: &[u8], room: usize) {
        let Self {
            candidates,
            scanner,
            decoder,
            ..
        } = self;
        let mut read = Ok(());
        let mut length = 0;
        let decoded = decoder.feed(bytes, |bytes| {
            length += bytes.len();
            if read.is_ok() {
                read = scanner.feed(bytes.get(..room).unwrap_or(bytes), candidates);
            }
        });
        match (read, decoded) {
            (Err(_), _) => self.end(Unseen::Malformed),
            (Ok(()), Err(hidden)) => self.end(hidden.into()),
            (Ok(()), Ok(())) if length > room => self.end(Unseen::TooLarge),
            (Ok(()), Ok(())) => {}
        }
    }

    /// Ends the body, which `copy` makes a copy of if it was read to its end.
    pub(super) fn finish(mut self, copy: impl FnOnce() -> Option<bytes::Bytes>) -> ReadBody {
        if self.ended.is_none() && self.scanner.finish(&mut self.candidates).is_err() {
            self.ended = Some(Unseen::Malformed);
        }
        let bytes = match self.ended {
            None => copy(),
            Some(_) => None,
        };
        let length = self.decoder.decoded();
        ReadBody {
            candidates: self.candidates,
            unseen: self.ended,
            copy: bytes.map(|bytes| RequestCopy::new(bytes, self.coding, length)),
        }
    }
}

impl Unseen {
    /// The value of `throughline.request.unseen`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Encoded => "encoded",
            Self::Failed => "failed",
            Self::Fragmented => "fragmented",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
        }
    }

    /// How much of the body can be relied on.
    pub(super) fn extent(unseen: Option<Self>) -> Extent {
        match unseen {
            None => Extent::Whole,
            Some(Self::Failed | Self::Fragmented | Self::TooLarge) => Extent::Beginning,
            Some(Self::Encoded | Self::Malformed) => Extent::Nothing,
        }
    }
}

impl From<Hidden> for Unseen {
    fn from(hidden: Hidden) -> Self {
        match hidden {
            Hidden::Encoded => Self::Encoded,
            Hidden::Malformed => Self::Malformed,
            Hidden::TooLarge => Self::TooLarge,
        }
    }
}

/// The most bytes that are read in one poll.
pub(super) const STEP: usize = 64 * 1024;
