//! Counts the texts of an answer, in case their tokens are not reported.

use throughline_llm_wire::{Channel, TextPiece};
use throughline_tokens::{HeldSegments, SegmentedCounter, TokenCount, Tokenizer};

/// The texts of an answer by alternative and channel, and the content once more for TaskWeaver's mode.
#[derive(Debug)]
pub(super) struct ReplyCounters {
    counters: Vec<(u32, Channel, SegmentedCounter)>,
    /// The position of the text that came last. Nearly always the next piece belongs to it.
    last: usize,
    tokenizer: Tokenizer,
    /// How many segments of a text may wait to be counted.
    max_held: usize,
    held_segments: HeldSegments,
    /// The answer has more than these texts, so that its tokens cannot be counted.
    is_incomplete: bool,
    /// The content, counted for TaskWeaver's mode.
    pub(super) content: Option<SegmentedCounter>,
}

impl ReplyCounters {
    /// The most texts that are counted apart. Further texts are counted with the last one.
    const MAX_TEXTS: usize = 8;
    /// How many segments of a text may wait to be counted, and of how many texts: 96 KiB.
    const MAX_HELD: usize = 3;
    const MAX_HOLDING_TEXTS: usize = 2;

    pub(super) fn new(tokenizer: Tokenizer) -> Self {
        Self {
            counters: Vec::new(),
            last: 0,
            tokenizer,
            max_held: 0,
            held_segments: HeldSegments::default(),
            is_incomplete: false,
            content: None,
        }
    }

    /// Counts nothing until it turns out that usage is not reported, as long as there is room.
    pub(super) fn expect_usage(&mut self) {
        self.max_held = Self::MAX_HELD;
    }

    /// Sets the tokenizer of all texts that are not counted yet.
    pub(super) fn set_tokenizer(&mut self, tokenizer: Tokenizer) {
        for (_, _, counter) in &mut self.counters {
            counter.set_tokenizer(tokenizer.clone());
        }
        self.tokenizer = tokenizer;
    }

    /// Notes that the answer has more than its texts, such as audio.
    pub(super) fn set_incomplete(&mut self) {
        self.is_incomplete = true;
    }

    /// Counts the content once more, with this tokenizer.
    pub(super) fn count_content(&mut self, tokenizer: Tokenizer) {
        self.content = Some(SegmentedCounter::for_stream(tokenizer, 0, &self.held_segments));
    }

    /// Takes a piece of a text.
    pub(super) fn push(&mut self, piece: TextPiece<'_>) {
        let TextPiece {
            choice,
            channel,
            text,
            ..
        } = piece;
        if let Some(content) = self.content.as_mut().filter(|_| channel == Channel::Content) {
            content.push(text);
        }
        if let Some((other, kind, counter)) = self.counters.get_mut(self.last) {
            if (*other, *kind) == (choice, channel) {
                return counter.push(text);
            }
        }
        let is_it = |(other, kind, _): &(u32, Channel, _)| (*other, *kind) == (choice, channel);
        let at = self.counters.iter().position(is_it);
        let count = self.counters.len();
        if at.is_none() && count < Self::MAX_TEXTS {
            let max_held = if count < Self::MAX_HOLDING_TEXTS {
                self.max_held
            } else {
                0
            };
            let counter = SegmentedCounter::for_stream(self.tokenizer.clone(), max_held, &self.held_segments);
            self.counters.push((choice, channel, counter));
        }
        self.last = at.unwrap_or_else(|| self.counters.len().saturating_sub(1));
        if let Some((_, _, counter)) = self.counters.get_mut(self.last) {
            counter.push(text);
        }
    }

    /// Whether text is still being counted, or has to be.
    pub(super) fn is_behind(&self) -> bool {
        let content = self.content.iter();
        let mut counters = self.counters.iter().map(|(_, _, counter)| counter).chain(content);
        counters.any(SegmentedCounter::is_behind)
    }

    /// Returns the number of tokens, or `None` if it cannot be counted. If `is_rough`, there is no time to
    /// count.
    pub(super) fn count(&mut self, is_rough: bool) -> Option<TokenCount> {
        if self.is_incomplete {
            return None;
        }
        let mut sum = TokenCount::ZERO;
        sum.exact = !is_rough;
        for (_, _, counter) in std::mem::take(&mut self.counters) {
            match is_rough {
                true => sum.tokens += counter.approximate(),
                false => {
                    let count = counter.finish()?;
                    sum.tokens += count.tokens;
                    sum.exact &= count.exact;
                }
            }
        }
        Some(sum)
    }
}
