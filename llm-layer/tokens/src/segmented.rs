//! Counts a text of any length exactly, in bounded memory, as it comes.
//!
//! A byte pair encoding first splits the text by a regular expression and then merges bytes within each piece
//! only. So the counts of two parts add up to the count of the whole if the cut between them is a place where
//! the expression always splits, whatever stands on either side. [`is_safe`] knows such places for both of
//! OpenAI's expressions: in front of a space, and between a word or a number and certain characters after it.
//! The counter holds a tail of at most [`SegmentedCounter::MAX_SEGMENT_BYTES`] bytes. When the tail is full,
//! it is cut at its last safe place and the front is counted. Text without such a place (a million dashes) is
//! cut anywhere, and the count then says that it is not exact.
//!
//! Nothing is counted before a segment is full, so a short text that is never counted costs one copy. Full
//! segments of a stream may wait ([`SegmentedCounter::for_stream`]), since most providers report usage at the
//! end, and the count is then not needed. If they have to be counted after all, the background thread does
//! it. Text that comes faster than it is counted, and text after the first
//! [`SegmentedCounter::MAX_COUNTED_BYTES`] bytes, is extrapolated from the rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};

use crate::background;
use crate::tokenizer::Tokenizer;

/// Counts the tokens of a text that comes in pieces. See [the crate](crate) for an example.
#[derive(Debug)]
pub struct SegmentedCounter {
    tokenizer: Tokenizer,
    tail: String,
    /// The length of the text so far.
    bytes: u64,
    /// A segment was cut where the sum may differ from the count of the whole.
    has_unsafe_cut: bool,
    counted: Arc<Counted>,
    /// Full segments are counted on the background thread.
    in_background: bool,
    /// Full segments that need not be counted yet, and the most of them.
    held: Vec<String>,
    max_held: usize,
    held_segments: HeldSegments,
}

/// The number of segments that all counters of one stream hold. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub struct HeldSegments(Arc<AtomicUsize>);

/// What is counted of a text so far, perhaps by another thread.
#[derive(Debug, Default)]
struct Counted {
    tokens: AtomicU64,
    bytes: AtomicU64,
    has_failed: AtomicBool,
}

/// The tokens of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenCount {
    /// The number of tokens.
    pub tokens: u64,
    /// Whether all of the text was counted, and every cut was at a safe place.
    pub exact: bool,
}

impl TokenCount {
    /// A count of no text.
    pub const ZERO: Self = Self {
        tokens: 0,
        exact: true,
    };
}

impl SegmentedCounter {
    /// The most bytes that are counted at once: 16 KiB.
    pub const MAX_SEGMENT_BYTES: usize = 16 * 1024;
    /// The most bytes that are counted of one text: 1 MiB. It takes 0.1 s and is longer than the answers of
    /// models.
    pub const MAX_COUNTED_BYTES: u64 = 1024 * 1024;
    /// The most segments of a stream that are held, the tail of each text among them. Text that comes faster
    /// than it is counted is extrapolated, so that a stream holds less than 256 KiB at any speed.
    pub(crate) const MAX_HELD_SEGMENTS: usize = 12;

    /// Creates a counter for a text that is at hand. Full segments are counted where they are pushed.
    #[must_use]
    pub fn new(tokenizer: Tokenizer) -> Self {
        Self::with_held_segments(tokenizer, HeldSegments::default())
    }

    fn with_held_segments(tokenizer: Tokenizer, held_segments: HeldSegments) -> Self {
        Self {
            tokenizer,
            tail: String::new(),
            bytes: 0,
            has_unsafe_cut: false,
            counted: Arc::default(),
            in_background: false,
            held: Vec::new(),
            max_held: 0,
            held_segments,
        }
    }

    /// Creates a counter for a text that a caller waits for. Full segments are counted in the background, and
    /// the first `max_held` of them only if more come or the count is needed.
    #[must_use]
    pub fn for_stream(tokenizer: Tokenizer, max_held: usize, held_segments: &HeldSegments) -> Self {
        held_segments.0.fetch_add(1, Ordering::Relaxed);
        Self {
            in_background: true,
            max_held,
            ..Self::with_held_segments(tokenizer, held_segments.clone())
        }
    }

    /// Sets the tokenizer of the text that is not counted yet.
    pub fn set_tokenizer(&mut self, tokenizer: Tokenizer) {
        self.tokenizer = tokenizer;
    }

    /// Returns whether everything that counting needs is loaded.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.tokenizer.is_ready()
    }

    /// Returns whether full segments are still to be counted.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        // Each background job holds a share of `counted`. Once the last one is dropped, the fence makes its
        // sums visible here.
        let is_counting = Arc::strong_count(&self.counted) > 1;
        fence(Ordering::Acquire);
        is_counting || !self.held.is_empty()
    }

    /// Appends a piece of the text. Pieces may be cut anywhere.
    #[inline]
    pub fn push(&mut self, mut piece: &str) {
        self.bytes = self.bytes.saturating_add(piece.len() as u64);
        while !piece.is_empty() && self.bytes - (piece.len() as u64) < Self::MAX_COUNTED_BYTES {
            let room = Self::MAX_SEGMENT_BYTES - self.tail.len();
            // A character that does not fit begins the next segment.
            let mut ends = (0..=room.min(piece.len())).rev();
            let end = ends.find(|end| piece.is_char_boundary(*end)).unwrap_or(0);
            let (head, rest) = piece.split_at_checked(end).unwrap_or((piece, ""));
            self.tail.push_str(head);
            piece = rest;
            if !piece.is_empty() {
                self.flush();
            }
        }
    }

    /// Returns the count of the text, or `None` if it cannot be counted. Text that was not counted in time is
    /// extrapolated.
    #[must_use]
    pub fn finish(self) -> Option<TokenCount> {
        for segment in self.held.iter().chain([&self.tail]) {
            self.counted.add(&self.tokenizer, segment);
        }
        if self.counted.has_failed.load(Ordering::Relaxed) {
            return None;
        }
        let tokens = self.counted.tokens.load(Ordering::Relaxed);
        let counted = self.counted.bytes.load(Ordering::Relaxed);
        let uncounted = self.bytes.saturating_sub(counted);
        let rest = match tokens.saturating_mul(uncounted).checked_div(counted) {
            Some(rest) => rest,
            None => approximate_tokens(uncounted),
        };
        Some(TokenCount {
            tokens: tokens.saturating_add(rest),
            exact: !self.has_unsafe_cut && uncounted == 0,
        })
    }

    /// Returns the number of tokens by the length of the text alone.
    #[must_use]
    pub fn approximate(&self) -> u64 {
        approximate_tokens(self.bytes)
    }

    /// Counts the tail up to its last safe cut, or all of it if there is none.
    fn flush(&mut self) {
        let cut = last_safe_cut(&self.tail);
        self.has_unsafe_cut |= cut.is_none();
        let rest = self.tail.split_off(cut.unwrap_or(self.tail.len()));
        let mut segment = std::mem::replace(&mut self.tail, rest);
        if !self.in_background {
            return self.counted.add(&self.tokenizer, &segment);
        }
        self.tail.reserve_exact(Self::MAX_SEGMENT_BYTES);
        let has_room = self.held_segments.count() < Self::MAX_HELD_SEGMENTS;
        if has_room {
            segment.shrink_to_fit();
            self.held_segments.0.fetch_add(1, Ordering::Relaxed);
            self.held.push(segment);
        }
        if !has_room || self.held.len() > self.max_held {
            self.count_held();
        }
    }

    /// Counts the held segments in the background. From now on, none are held back.
    fn count_held(&mut self) {
        self.max_held = 0;
        let segments = std::mem::take(&mut self.held);
        if segments.is_empty() {
            return;
        }
        let (tokenizer, counted) = (self.tokenizer.clone(), self.counted.clone());
        let held_segments = self.held_segments.clone();
        let number = segments.len();
        let job = background::run(Box::new(move || {
            tokenizer.prepare();
            for segment in segments {
                counted.add(&tokenizer, &segment);
                drop(segment);
                held_segments.0.fetch_sub(1, Ordering::Relaxed);
            }
        }));
        // If the queue is full, the segments are dropped, and their tokens are extrapolated.
        if job.is_err() {
            self.held_segments.0.fetch_sub(number, Ordering::Relaxed);
        }
    }
}

impl HeldSegments {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counted {
    fn add(&self, tokenizer: &Tokenizer, segment: &str) {
        // During a shutdown there is no time to count; the segment is then extrapolated.
        if segment.is_empty() || self.has_failed.load(Ordering::Relaxed) || background::is_hurried() {
            return;
        }
        match tokenizer.count(segment) {
            Some(tokens) => {
                self.tokens.fetch_add(tokens, Ordering::Relaxed);
                self.bytes.fetch_add(segment.len() as u64, Ordering::Relaxed);
            }
            None => self.has_failed.store(true, Ordering::Relaxed),
        }
    }
}

/// Returns the approximate number of tokens of a text of this length, at the rate of English: 4 bytes a token.
#[must_use]
pub fn approximate_tokens(bytes: u64) -> u64 {
    const BYTES_PER_TOKEN: u64 = 4;
    bytes / BYTES_PER_TOKEN
}

/// Returns the last safe cut of a text.
fn last_safe_cut(text: &str) -> Option<usize> {
    let mut next: Option<(usize, char)> = None;
    for (index, character) in text.char_indices().rev() {
        match next {
            Some((cut, next)) if is_safe(character, next) => return Some(cut),
            _ => {}
        }
        next = Some((index, character));
    }
    None
}

/// Returns whether a cut between two characters never changes the sum of the counts, whatever stands on
/// either side.
///
/// `o200k_base` and `cl100k_base` both attach one space to the word after it, keep `'s` with its word, and
/// split numbers into groups of three digits from the left. So a cut is safe in front of a space that follows
/// no space, after a letter if neither a letter nor an apostrophe follows, and after a digit if no digit
/// follows.
pub(crate) fn is_safe(previous: char, next: char) -> bool {
    match next {
        ' ' => !previous.is_whitespace(),
        _ if is_letter(previous) => {
            next.is_ascii() && !next.is_ascii_alphabetic() && next != '\'' || is_cjk_stop(next)
        }
        _ if previous.is_ascii_digit() => next.is_ascii() && !next.is_ascii_digit() || is_wide_letter(next),
        _ => false,
    }
}

fn is_letter(character: char) -> bool {
    character.is_ascii_alphabetic() || is_wide_letter(character)
}

fn is_wide_letter(character: char) -> bool {
    matches!(character, '\u{4E00}'..='\u{9FFF}' | '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | '\u{AC00}'..='\u{D7A3}')
}

fn is_cjk_stop(character: char) -> bool {
    matches!(character, '、' | '。' | '，' | '！' | '？' | '：' | '；')
}
