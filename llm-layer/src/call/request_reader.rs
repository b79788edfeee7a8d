//! Reads a request body before it is sent, a step at a time.
//!
//! The scanner takes about 1 ns for a byte of text and up to 20 ns for a byte of punctuation. So that no poll takes longer
//! than a few milliseconds, whatever the body, at most [`STEP`] bytes are read in one; then the task is woken, and others
//! have their turn. What is read fills the [`Candidates`]; no tree is made.
//!
//! The SDKs write `{"messages": […], "model": …}`: of a long request, model and parameters stand at the end. So the bytes
//! over the limit are read too, up to [`MAX_BYTES_OVER_LIMIT`], if they are in memory anyway and not encoded. The limit
//! still bounds what is kept and what is waited for: no copy is made of such a body, nor are more frames of it polled.

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
    /// The most bytes that are waited for and kept, decoded.
    limit: usize,
    progress: Progress,
}

/// How far a body was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    WithinLimit,
    /// The body is over the limit. What is in memory is read on.
    OverLimit,
    /// Nothing more is read.
    Ended(Unseen),
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
    /// Why the body cannot be read again.
    pub(super) unseen: Option<Unseen>,
    /// How much of the body can be relied on.
    pub(super) extent: Extent,
    /// The body itself, if it was read to its end within the limit.
    pub(super) copy: Option<RequestCopy>,
}

impl RequestReader {
    pub(super) fn new(candidates: Candidates, coding: Result<Option<Coding>, Hidden>, limit: usize) -> Self {
        let progress = match coding {
            Err(hidden) => Progress::Ended(hidden.into()),
            Ok(_) if limit == 0 => Progress::Ended(Unseen::TooLarge),
            Ok(_) => Progress::WithinLimit,
        };
        Self {
            candidates,
            scanner: StrictScanner::new(),
            decoder: Decoder::new(coding.unwrap_or(None), Side::Request),
            coding: coding.unwrap_or(None),
            limit,
            progress,
        }
    }

    /// The most bytes that are waited for.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Whether nothing more can be read.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.progress, Progress::Ended(_))
    }

    /// Whether the body is over the limit, so that only what is in memory is read.
    pub(super) fn is_over_limit(&self) -> bool {
        self.progress == Progress::OverLimit
    }

    /// Stops reading for this reason. For a body over the limit, the reason stays that it is too large.
    pub(super) fn end(&mut self, reason: Unseen) {
        self.progress = match self.progress {
            Progress::WithinLimit => Progress::Ended(reason),
            Progress::OverLimit => Progress::Ended(Unseen::TooLarge),
            ended @ Progress::Ended(_) => ended,
        };
    }

    /// How many bytes may still be read, decoded.
    fn room(&self) -> usize {
        let limit = match self.progress {
            Progress::OverLimit => self.limit.saturating_add(MAX_BYTES_OVER_LIMIT),
            Progress::WithinLimit | Progress::Ended(_) => self.limit,
        };
        limit.saturating_sub(self.decoder.decoded())
    }

    /// Reads of `bytes`; returns how many of them. `budget` is how many bytes may still be read in this poll, decoded.
    pub(super) fn read(&mut self, bytes: &[u8], budget: &mut usize) -> usize {
        let mut consumed = 0;
        while let Some(rest) = bytes.get(consumed..).filter(|rest| !rest.is_empty()) {
            if self.has_ended() || *budget == 0 {
                break;
            }
            let room = self.room();
            if room == 0 {
                match (self.progress, self.coding) {
                    (Progress::WithinLimit, None) => self.progress = Progress::OverLimit,
                    _ => self.end(Unseen::TooLarge),
                }
                continue;
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

    /// Ends the body, which `copy` makes a copy of if it was read to its end within the limit.
    pub(super) fn finish(mut self, copy: impl FnOnce() -> Option<bytes::Bytes>) -> ReadBody {
        let is_whole = !self.has_ended() && self.scanner.finish(&mut self.candidates).is_ok();
        let (unseen, extent) = match self.progress {
            Progress::WithinLimit if is_whole => (None, Extent::Whole),
            Progress::WithinLimit => (Some(Unseen::Malformed), Unseen::Malformed.extent()),
            Progress::OverLimit if is_whole => (Some(Unseen::TooLarge), Extent::Whole),
            Progress::OverLimit => (Some(Unseen::TooLarge), Unseen::TooLarge.extent()),
            Progress::Ended(reason) => (Some(reason), reason.extent()),
        };
        let bytes = match unseen {
            None => copy(),
            Some(_) => None,
        };
        let length = self.decoder.decoded();
        ReadBody {
            candidates: self.candidates,
            unseen,
            extent,
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

    /// How much can be relied on of a body that was not read to its end.
    fn extent(self) -> Extent {
        match self {
            Self::Failed | Self::Fragmented | Self::TooLarge => Extent::Beginning,
            Self::Encoded | Self::Malformed => Extent::Nothing,
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

/// The most bytes that are read over the limit, so that the time is bounded: 64 ms of base64, a step a poll.
const MAX_BYTES_OVER_LIMIT: usize = 64 * 1024 * 1024;
