//! The texts of an answer, counted in case nobody reports their tokens.

use super::Channel;
use crate::estimate::{Count, Encoding, Kept, Segmented};

/// The texts of an answer, by alternative and channel.
#[derive(Debug)]
pub(super) struct Spoken {
    texts: Vec<(u32, Channel, Segmented)>,
    encoding: Encoding,
    patience: usize,
    kept: Kept,
}

impl Spoken {
    /// The most texts counted apart; what goes beyond is counted as one.
    const TEXTS: usize = 8;
    /// How many segments of a text may wait to be counted, and of how many texts: 96 KiB.
    const PATIENCE: usize = 3;
    const PATIENT: usize = 2;

    pub(super) fn new(encoding: Encoding) -> Self {
        Self {
            texts: Vec::new(),
            encoding,
            patience: 0,
            kept: Kept::default(),
        }
    }

    /// Nothing need be counted until it turns out that usage is not reported: as long as there is room.
    pub(super) fn wait(&mut self) {
        self.patience = Self::PATIENCE;
    }

    /// A counter in another encoding, for a text among these.
    pub(super) fn beside(&self, encoding: Encoding) -> Segmented {
        Segmented::of_stream(encoding, 0, &self.kept)
    }

    /// A piece of a text; the place of the text, unless it is counted with others.
    pub(super) fn piece(&mut self, choice: u32, channel: Channel, piece: &str) -> Option<usize> {
        let is_it = |(other, kind, _): &(u32, Channel, _)| (*other, *kind) == (choice, channel);
        let known = self.texts.iter().position(is_it);
        let count = self.texts.len();
        if known.is_none() && count < Self::TEXTS {
            let patience = if count < Self::PATIENT { self.patience } else { 0 };
            let counter = Segmented::of_stream(self.encoding.clone(), patience, &self.kept);
            self.texts.push((choice, channel, counter));
        }
        let at = known.unwrap_or_else(|| self.texts.len().saturating_sub(1));
        let (_, _, counter) = self.texts.get_mut(at)?;
        counter.push(piece);
        (known.is_some() || count < Self::TEXTS).then_some(at)
    }

    /// A piece of the text at a place; which channel that is.
    pub(super) fn again(&mut self, place: usize, piece: &str) -> Option<Channel> {
        let (_, channel, counter) = self.texts.get_mut(place)?;
        counter.push(piece);
        Some(*channel)
    }

    /// Whether text is still being counted, or has to be.
    pub(super) fn is_behind(&self) -> bool {
        self.texts.iter().any(|(_, _, counter)| counter.is_behind())
    }

    /// The number of tokens, or `None` if nothing here can count. Roughly, if there is no time.
    pub(super) fn count(&mut self, roughly: bool) -> Option<Count> {
        let mut all = Count {
            tokens: 0,
            exact: !roughly,
        };
        for (_, _, counter) in std::mem::take(&mut self.texts) {
            match roughly {
                true => all.tokens += counter.rough(),
                false => {
                    let count = counter.finish()?;
                    all.tokens += count.tokens;
                    all.exact &= count.exact;
                }
            }
        }
        Some(all)
    }
}
