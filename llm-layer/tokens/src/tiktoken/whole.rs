//! The characters whose bytes are always merged to one token before anything else is merged with them.
//!
//! Text in other scripts than Latin has few pieces that are tokens, and two thirds of the work in the others
//! is to merge the bytes of each character. For most characters that can be left out, since the result is the
//! same. It is if
//!
//! 1. the bytes of the character make one token, whose merges have the ranks up to r, and
//! 2. every longer token with the character in it has a rank above r, and
//! 3. no token holds a part of the character and something next to it.
//!
//! By 3, nothing but their own bytes can be merged with those of the character until they are one token. By
//! 2, what is merged with that token comes later than all of its own merges. So merges outside see the whole
//! character, as if it had always been one. Whether 3 holds is decided by the bytes on both sides of its two
//! ends.

use std::ops::Range;

use super::rank::{NO_RANK, Rank};

/// The characters that are whole tokens from the beginning.
#[derive(Debug)]
pub(super) struct WholeCharacters {
    /// The rank of each character for which 1 and 2 hold.
    ranks: Vec<Rank>,
    /// The pairs of bytes around the end of a character, in tokens that hold a part of a character: one bit
    /// each.
    cuts: Vec<u64>,
}

/// Only the basic plane is looked at.
const CHARACTERS: usize = 1 << 16;

impl WholeCharacters {
    pub(super) fn new<'t>(
        tokens: impl Iterator<Item = (Rank, &'t [u8])>,
        rank: impl Fn(&[u8]) -> Option<Rank>,
    ) -> Self {
        let mut cuts = vec![0_u64; CHARACTERS / 64];
        // The lowest rank of a token that holds a character and something else.
        let mut lowest = vec![NO_RANK; CHARACTERS];
        for (token_rank, token) in tokens {
            if std::str::from_utf8(token).is_err() {
                for pair in token.windows(2) {
                    if let [before, after @ (..0x80 | 0xC0..)] = pair {
                        let (word, bit) = cut(*before, *after);
                        if let Some(word) = cuts.get_mut(word) {
                            *word |= bit;
                        }
                    }
                }
            }
            for character in token.utf8_chunks().flat_map(|chunk| chunk.valid().chars()) {
                match lowest.get_mut(character as usize) {
                    Some(lowest) if character.len_utf8() < token.len() => *lowest = token_rank.min(*lowest),
                    _ => {}
                }
            }
        }
        let ranks = (0_u32..).zip(lowest).map(|(code, lowest)| {
            let (token, last_merge) = char::from_u32(code).and_then(|c| merged(c, &rank))?;
            (lowest > last_merge).then_some(token)
        });
        let ranks = ranks.map(|rank| rank.unwrap_or(NO_RANK)).collect();
        Self { ranks, cuts }
    }

    /// Returns the rank of the character at a place in a text if it is whole there.
    #[inline]
    pub(super) fn rank(&self, character: char, text: &[u8], at: Range<usize>) -> Option<Rank> {
        let rank = *self.ranks.get(character as usize)?;
        let is_whole = rank != NO_RANK && !self.is_cut(text, at.start) && !self.is_cut(text, at.end);
        is_whole.then_some(rank)
    }

    /// Returns whether some token holds a part of a character next to this place and something on its other
    /// side.
    #[inline]
    fn is_cut(&self, text: &[u8], at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        match (before, text.get(at)) {
            (Some(before), Some(after)) => {
                let (word, bit) = cut(*before, *after);
                self.cuts.get(word).is_none_or(|word| word & bit != 0)
            }
            _ => false,
        }
    }
}

/// Returns the rank of a character of two or three bytes, and the highest rank of its merges, if these make
/// one token.
fn merged(character: char, rank: &impl Fn(&[u8]) -> Option<Rank>) -> Option<(Rank, Rank)> {
    let mut buffer = [0; 4];
    let bytes = character.encode_utf8(&mut buffer).as_bytes();
    let whole = rank(bytes)?;
    match bytes {
        [_, _] => Some((whole, whole)),
        [first, second, third] => {
            let (left, right) = (rank(&[*first, *second]), rank(&[*second, *third]));
            let lower = left.into_iter().chain(right).min()?;
            Some((whole, whole.max(lower)))
        }
        _ => None,
    }
}

/// Returns the place of two bytes in `cuts`: a word and a bit.
#[inline]
fn cut(before: u8, after: u8) -> (usize, u64) {
    let pair = u16::from_be_bytes([before, after]);
    (usize::from(pair / 64), 1 << (pair % 64))
}
