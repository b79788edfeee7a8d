//! Counts a text of any length exactly, in bounded memory, as it comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};

use super::Encoding;
use crate::call::background;

/// A counter that is fed.
///
/// It keeps a tail of the text and counts what lies before the last boundary where both vocabularies of OpenAI always
/// split and look nowhere across, so that the counts of the parts add up to the count of the whole. Nothing is counted
/// before a segment is full: a short text whose number nobody asks for costs a copy.
#[derive(Debug)]
pub(crate) struct Segmented {
    encoding: Encoding,
    tail: String,
    bytes: u64,
    cut: bool,
    counted: Arc<Counted>,
    elsewhere: bool,
    /// Full segments that nobody has to count yet, and how many of them may wait.
    held: Vec<String>,
    patience: usize,
    kept: Kept,
}

/// How many segments of a stream's texts are kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept(Arc<AtomicUsize>);

/// What is counted of a text, perhaps by another thread.
#[derive(Debug, Default)]
struct Counted {
    tokens: AtomicU64,
    bytes: AtomicU64,
    unable: AtomicBool,
}

/// What came out of a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) tokens: u64,
    /// Whether every cut was at a safe boundary and all the text was counted.
    pub(crate) exact: bool,
}

impl Segmented {
    /// The most bytes counted in one go.
    pub(crate) const SEGMENT: usize = 16 * 1024;
    /// The most bytes counted of one text; what follows is counted at the rate of what came before. It takes 0.1 s,
    /// and is longer than a model's answers.
    pub(super) const COUNTED: u64 = 1024 * 1024;
    /// The most segments of a stream that are kept, the tail of each text among them. A text that comes faster than it is
    /// counted is taken at the rate of the rest, so that a stream keeps less than 256 KiB, whatever its speed.
    pub(super) const KEPT: usize = 12;

    pub(crate) fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            tail: String::new(),
            bytes: 0,
            cut: false,
            counted: Arc::default(),
            elsewhere: false,
            held: Vec::new(),
            patience: 0,
            kept: Kept::default(),
        }
    }

    /// A counter for a text that a caller reads meanwhile: full segments are counted in the background, but so many of
    /// them only if more come or the number is asked for.
    pub(crate) fn of_stream(encoding: Encoding, patience: usize, kept: &Kept) -> Self {
        kept.0.fetch_add(1, Ordering::Relaxed);
        Self {
            elsewhere: true,
            patience,
            kept: kept.clone(),
            ..Self::new(encoding)
        }
    }

    /// Whether counting needs nothing that is still to be loaded.
    pub(crate) fn is_ready(&self) -> bool {
        self.encoding.is_ready()
    }

    /// Whether the background is still counting, or has to.
    pub(crate) fn is_behind(&self) -> bool {
        let is_behind = Arc::strong_count(&self.counted) > 1;
        // What the last job counted is seen here once its share is gone.
        fence(Ordering::Acquire);
        is_behind || !self.held.is_empty()
    }

    /// Appends a piece of the text, however it was cut.
    pub(crate) fn push(&mut self, mut piece: &str) {
        self.bytes = self.bytes.saturating_add(piece.len() as u64);
        while !piece.is_empty() && self.bytes - (piece.len() as u64) < Self::COUNTED {
            let room = Self::SEGMENT - self.tail.len();
            let end = (0..=room.min(piece.len()))
                .rev()
                .find(|end| piece.is_char_boundary(*end))
                .unwrap_or(0);
            let (head, rest) = piece.split_at_checked(end).unwrap_or((piece, ""));
            self.tail.push_str(head);
            piece = rest;
            if !piece.is_empty() {
                self.flush();
            }
        }
    }

    /// The count, or `None` if nothing here can count. What there was no time to count is taken at the rate of the rest.
    pub(crate) fn finish(self) -> Option<Count> {
        for segment in self.held.iter().chain([&self.tail]) {
            self.counted.add(&self.encoding, segment);
        }
        if self.counted.unable.load(Ordering::Relaxed) {
            return None;
        }
        let tokens = self.counted.tokens.load(Ordering::Relaxed);
        let counted = self.counted.bytes.load(Ordering::Relaxed);
        let left = self.bytes.saturating_sub(counted);
        let rest = match tokens.saturating_mul(left).checked_div(counted) {
            Some(rest) => rest,
            None => rough(left),
        };
        Some(Count {
            tokens: tokens.saturating_add(rest),
            exact: !self.cut && left == 0,
        })
    }

    /// The number of tokens as far as it is known without counting more.
    pub(crate) fn rough(&self) -> u64 {
        rough(self.bytes)
    }

    /// Counts the tail up to its last safe boundary, or all of it where there is none.
    fn flush(&mut self) {
        let boundary = last_boundary(&self.tail);
        self.cut = self.cut || boundary.is_none();
        let rest = self.tail.split_off(boundary.unwrap_or(self.tail.len()));
        let mut segment = std::mem::replace(&mut self.tail, rest);
        if !self.elsewhere {
            return self.counted.add(&self.encoding, &segment);
        }
        self.tail.reserve_exact(Self::SEGMENT);
        let has_room = self.kept.count() < Self::KEPT;
        if has_room {
            segment.shrink_to_fit();
            self.kept.0.fetch_add(1, Ordering::Relaxed);
            self.held.push(segment);
        }
        if !has_room || self.held.len() > self.patience {
            self.hurry();
        }
    }

    /// Has counted what was held.
    fn hurry(&mut self) {
        self.patience = 0;
        let segments = std::mem::take(&mut self.held);
        if segments.is_empty() {
            return;
        }
        let (encoding, counted, kept) = (self.encoding.clone(), self.counted.clone(), self.kept.clone());
        let all = segments.len();
        let job = background::run(Box::new(move || {
            encoding.prepare();
            for segment in segments {
                counted.add(&encoding, &segment);
                drop(segment);
                kept.0.fetch_sub(1, Ordering::Relaxed);
            }
        }));
        // Without room it is taken at the rate of the rest.
        if job.is_err() {
            self.kept.0.fetch_sub(all, Ordering::Relaxed);
        }
    }
}

impl Kept {
    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counted {
    fn add(&self, encoding: &Encoding, segment: &str) {
        // A segment that is not counted is taken at the rate of the rest.
        if segment.is_empty() || self.unable.load(Ordering::Relaxed) || background::is_hurried() {
            return;
        }
        match encoding.count(segment) {
            Some(tokens) => {
                self.tokens.fetch_add(tokens, Ordering::Relaxed);
                self.bytes.fetch_add(segment.len() as u64, Ordering::Relaxed);
            }
            None => self.unable.store(true, Ordering::Relaxed),
        }
    }
}

/// The tokens of a text that there is no time to count, at the rate of English.
pub(crate) fn rough(bytes: u64) -> u64 {
    const BYTES_A_TOKEN: u64 = 4;
    bytes / BYTES_A_TOKEN
}

/// The last place to cut at.
fn last_boundary(text: &str) -> Option<usize> {
    let mut next: Option<(usize, char)> = None;
    for (index, character) in text.char_indices().rev() {
        match next {
            Some((boundary, next)) if is_safe(character, next) => return Some(boundary),
            _ => {}
        }
        next = Some((index, character));
    }
    None
}

/// Whether a cut between two characters never changes the sum of the counts, whatever stands on either side.
pub(super) fn is_safe(previous: char, next: char) -> bool {
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
