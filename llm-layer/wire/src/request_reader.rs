//! Reads a request body before it is sent, a step at a time.
//!
//! The scanner takes about 1 ns for a byte of text and up to 20 ns for a byte of punctuation. So that no poll
//! takes longer than a few milliseconds, whatever the body, at most [`RequestReader::STEP_BYTES`] bytes are
//! read in one; then other tasks have their turn. What is read fills the [`Candidates`]; no tree is made.
//!
//! The SDKs write `{"messages": […], "model": …}`: of a long request, model and parameters are at the end. So
//! the bytes over the limit are read too, up to [`MAX_BYTES_OVER_LIMIT`], if they are in memory anyway and
//! not encoded. The limit still bounds what is kept and what is waited for: no copy is made of such a body,
//! nor are more frames of it polled.

use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::candidates::{Candidates, Extent};
use crate::encoding::{Coding, Decoder, Side};
use crate::form::FormScanner;
use crate::json::{Malformed, StrictScanner};
use crate::recognise::candidates;
use crate::recognised::Recognised;
use crate::request::RequestInfo;
use crate::request_copy::RequestCopy;
use crate::response_reader::ResponseReader;
use crate::rule::Rule;
use crate::target::Target;
use crate::unseen::Unseen;

/// Reads the body of a request that may be a model call.
///
/// To read a body that is in memory, use [`read_request`].
#[derive(Debug)]
pub struct RequestReader {
    path: Box<str>,
    candidates: Candidates,
    scanner: BodyScanner,
    decoder: Decoder,
    coding: Option<Coding>,
    /// The most bytes that are waited for and kept, decoded.
    limit: usize,
    progress: Progress,
}

/// Reads a body by its type.
#[derive(Debug)]
enum BodyScanner {
    Json(StrictScanner),
    Form(FormScanner),
    /// The request has no body.
    None,
}

impl BodyScanner {
    fn new(target: &Target<'_>, headers: &HeaderMap) -> Self {
        match FormScanner::from_headers(headers) {
            _ if target.method == Method::GET => Self::None,
            Some(form) => Self::Form(form),
            None => Self::Json(StrictScanner::new()),
        }
    }

    fn feed(&mut self, bytes: &[u8], candidates: &mut Candidates) -> Result<(), Malformed> {
        match self {
            Self::Json(scanner) => scanner.feed(bytes, candidates),
            Self::Form(scanner) => scanner.feed(bytes, candidates),
            Self::None => Ok(()),
        }
    }

    fn finish(&mut self, candidates: &mut Candidates) -> Result<(), Malformed> {
        match self {
            Self::Json(scanner) => scanner.finish(candidates),
            Self::Form(scanner) => scanner.finish(),
            Self::None => Ok(()),
        }
    }
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

/// A model call: what its request asks for.
#[derive(Debug)]
#[non_exhaustive]
pub struct ModelRequest {
    /// Its format and its provider.
    pub recognised: Recognised,
    /// Whether the request shows that it is a model call. If not, other services have such requests too, and
    /// it is one only if the [reply](ResponseReader::reply) is not empty.
    pub is_certain: bool,
    /// What the body and the path say.
    pub info: RequestInfo,
    /// Why the body was not read, or not to its end.
    pub unseen: Option<Unseen>,
    /// The body, if it was read to its end within the limit.
    pub copy: Option<RequestCopy>,
}

impl ModelRequest {
    /// Returns a reader of the answer to this request.
    #[must_use]
    pub fn response_reader(&self) -> ResponseReader {
        let mut reader = ResponseReader::new(self.recognised.format.clone());
        if let Some(id) = &self.info.named.stored_id {
            reader.reply_mut().set_usage_id(id);
        }
        match self.info.stream_options.may_repeat_text {
            true => reader.with_cumulative_text(),
            false => reader,
        }
    }
}

/// Reads a whole request. Returns `None` if it is not a model call.
///
/// Of a body that is not valid, or has a content encoding that is not supported, [`ModelRequest::unseen`]
/// says so; what is known then is known by the head.
#[must_use]
pub fn read_request(
    target: &Target<'_>,
    headers: &HeaderMap,
    rules: &[Rule],
    body: &Bytes,
) -> Option<ModelRequest> {
    let mut reader = RequestReader::new(target, headers, rules)?.with_limit(body.len().max(1));
    let mut budget = usize::MAX;
    reader.read(body, &mut budget);
    reader.finish(|| Some(body.clone()))
}

impl RequestReader {
    /// The most bytes to read at once: 64 KiB.
    pub const STEP_BYTES: usize = 64 * 1024;
    /// The limit that is set by default: 4 MiB.
    pub const DEFAULT_LIMIT: usize = 4 * 1024 * 1024;

    /// Creates a reader, if the head of the request may be that of a model call.
    #[must_use]
    pub fn new(target: &Target<'_>, headers: &HeaderMap, rules: &[Rule]) -> Option<Self> {
        let path = target.path.trim_end_matches('/');
        let mut candidates = candidates(target, rules);
        candidates.first(path)?;
        candidates.read_head(headers);
        if let Some(query) = target.query {
            candidates.read_query(query);
        }
        let coding = Coding::from_headers(headers);
        Some(Self {
            path: path.into(),
            candidates,
            scanner: BodyScanner::new(target, headers),
            decoder: Decoder::new(coding.unwrap_or(None), Side::Request),
            coding: coding.unwrap_or(None),
            limit: Self::DEFAULT_LIMIT,
            progress: match coding {
                Err(reason) => Progress::Ended(reason),
                Ok(_) => Progress::WithinLimit,
            },
        })
    }

    /// Sets the most bytes that are waited for and kept, decoded. 0: the body is not read. Default:
    /// [`Self::DEFAULT_LIMIT`].
    #[must_use]
    pub fn with_limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        if limit == 0 {
            self.end(Unseen::TooLarge);
        }
        self
    }

    /// Returns the most bytes that are waited for.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Returns whether nothing more can be read.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(self.progress, Progress::Ended(_))
    }

    /// Returns whether the body is over the limit, so that only what is in memory should be read.
    #[must_use]
    pub fn is_over_limit(&self) -> bool {
        self.progress == Progress::OverLimit
    }

    /// Stops reading, for this reason. For a body over the limit, the reason stays [`Unseen::TooLarge`].
    pub fn end(&mut self, reason: Unseen) {
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

    /// Reads `bytes`. Returns how many were read. `budget` is the number of decoded bytes that may still be
    /// read now; reading stops when it is 0.
    pub fn read(&mut self, bytes: &[u8], budget: &mut usize) -> usize {
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
            // It is not known to how much encoded bytes decode.
            let length = match self.coding {
                None => room.min(*budget).min(rest.len()),
                Some(_) => Decoder::STEP_BYTES.min(rest.len()),
            };
            let before = self.decoder.decoded();
            self.step(rest.get(..length).unwrap_or(rest), room);
            // Encoded bytes may decode to nothing.
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
            (Ok(()), Err(reason)) => self.end(reason),
            (Ok(()), Ok(())) if length > room => self.end(Unseen::TooLarge),
            (Ok(()), Ok(())) => {}
        }
    }

    /// Ends the body. Returns `None` if the request is not a model call. If the body was read to its end
    /// within the limit, `copy` is called for its bytes.
    pub fn finish(mut self, copy: impl FnOnce() -> Option<Bytes>) -> Option<ModelRequest> {
        let is_whole = !self.has_ended() && self.scanner.finish(&mut self.candidates).is_ok();
        let (unseen, extent) = match self.progress {
            Progress::WithinLimit if is_whole => (None, Extent::Whole),
            Progress::WithinLimit => (Some(Unseen::Malformed), extent(Unseen::Malformed)),
            Progress::OverLimit if is_whole => (Some(Unseen::TooLarge), Extent::Whole),
            Progress::OverLimit => (Some(Unseen::TooLarge), extent(Unseen::TooLarge)),
            Progress::Ended(reason) => (Some(reason), extent(reason)),
        };
        let bytes = match (unseen, &self.scanner) {
            (None, BodyScanner::Json(_)) => copy(),
            _ => None,
        };
        let length = self.decoder.decoded();
        let (recognised, info, is_certain) = self.candidates.select(&self.path, extent)?;
        Some(ModelRequest {
            recognised,
            is_certain,
            info,
            unseen,
            copy: bytes.map(|bytes| RequestCopy::new(bytes, self.coding, length)),
        })
    }

    /// Returns what the request seems to be before its body is read.
    #[must_use]
    pub fn first(&self) -> Option<&Recognised> {
        self.candidates.first(&self.path)
    }
}

/// How much can be relied on of a body that was not read to its end.
fn extent(reason: Unseen) -> Extent {
    match reason {
        Unseen::Failed | Unseen::Fragmented | Unseen::TooLarge => Extent::Beginning,
        Unseen::Encoded | Unseen::EncodingsDisabled | Unseen::Malformed | Unseen::Panicked => Extent::Nothing,
    }
}

/// The most bytes that are read over the limit, so that the time is bounded: 64 ms of base64, a step a poll.
const MAX_BYTES_OVER_LIMIT: usize = 64 * 1024 * 1024;
