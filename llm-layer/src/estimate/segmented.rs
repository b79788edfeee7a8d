//! Counts a text of any length exactly, in bounded memory, as it comes.

use super::Encoding;

/// A counter that is fed.
///
/// It keeps a tail of the text and counts what lies before the last boundary where both vocabularies of OpenAI always
/// split and look nowhere across, so that the counts of the parts add up to the count of the whole. Nothing is counted
/// before a segment is full: a short text whose number nobody asks for costs a copy.
#[derive(Debug, Clone)]
pub(crate) struct Segmented {
    encoding: Encoding,
    tail: String,
    counted: u64,
    bytes: u64,
    cut: bool,
    unable: bool,
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

    pub(crate) fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            tail: String::new(),
            counted: 0,
            bytes: 0,
            cut: false,
            unable: false,
        }
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

    /// The count, or `None` if nothing here can count.
    pub(crate) fn finish(mut self) -> Option<Count> {
        if self.bytes == 0 {
            return Some(Count {
                tokens: 0,
                exact: true,
            });
        }
        let tail = std::mem::take(&mut self.tail);
        self.count(&tail);
        if self.unable {
            return None;
        }
        let left = self.bytes.saturating_sub(Self::COUNTED);
        let rate = |bytes: u64| self.counted.saturating_mul(bytes) / Self::COUNTED;
        Some(Count {
            tokens: self.counted + if left > 0 { rate(left) } else { 0 },
            exact: !self.cut && left == 0,
        })
    }

    /// Counts the tail up to its last safe boundary, or all of it where there is none.
    fn flush(&mut self) {
        let boundary = last_boundary(&self.tail);
        self.cut = self.cut || boundary.is_none();
        let rest = self.tail.split_off(boundary.unwrap_or(self.tail.len()));
        let segment = std::mem::replace(&mut self.tail, rest);
        self.count(&segment);
    }

    fn count(&mut self, segment: &str) {
        if segment.is_empty() || self.unable {
            return;
        }
        match self.encoding.count(segment) {
            Some(tokens) => self.counted = self.counted.saturating_add(tokens),
            None => self.unable = true,
        }
    }
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
