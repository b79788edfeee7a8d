//! Counts the tokens of a piece that is not a token: byte pair encoding.
//!
//! At first, each byte is a part of its own. Then the two neighbours that make the token of the lowest rank are merged, the
//! first of them if there are several, until no two neighbours make a token. The number of parts is the number of tokens.
//!
//! A part is known by the rank of its token, so what two neighbours make is one look-up of two numbers, and no bytes are
//! hashed. In a short piece, all neighbours are scanned for the lowest rank, which is faster than any queue. In a long one, a
//! queue finds it, so that a piece of n bytes takes n log n steps.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::vocabulary::{NO_RANK, Rank, Vocabulary};

/// Merges the bytes of pieces. Its memory is empty until a long piece comes.
#[derive(Debug)]
pub(super) struct Merger<'v> {
    vocabulary: &'v Vocabulary,
    parts: Vec<Part>,
    queue: BinaryHeap<Reverse<u64>>,
}

/// A part of a long piece, at the place of its first byte.
#[derive(Debug, Clone, Copy)]
struct Part {
    token: Rank,
    /// The rank of this part and the next one, together.
    pair: Rank,
    /// The places of its neighbours.
    previous: u32,
    next: u32,
}

impl Part {
    /// What is before the first part and after the last one, and what is left of a part that was merged.
    const END: Self = Self {
        token: NO_RANK,
        pair: NO_RANK,
        previous: u32::MAX,
        next: u32::MAX,
    };
}

/// The most bytes of a short piece.
const SHORT: usize = 64;

impl<'v> Merger<'v> {
    pub(super) fn new(vocabulary: &'v Vocabulary) -> Self {
        Self {
            vocabulary,
            parts: Vec::new(),
            queue: BinaryHeap::new(),
        }
    }

    /// Returns the number of tokens of a piece.
    pub(super) fn count(&mut self, piece: &[u8]) -> u64 {
        match piece.len() {
            0..=2 => piece.len() as u64,
            3..=SHORT => self.count_short(piece),
            _ => self.count_long(piece),
        }
    }

    fn count_short(&self, piece: &[u8]) -> u64 {
        // Each part: the rank of its token, and the rank of this part and the next one together.
        let mut parts = [(NO_RANK, NO_RANK); SHORT];
        let mut next = None;
        for (part, byte) in parts.iter_mut().zip(piece).rev() {
            let pair = next.map_or(NO_RANK, |next| self.vocabulary.byte_pair(*byte, next));
            *part = (self.vocabulary.byte(*byte), pair);
            next = Some(*byte);
        }
        let mut count = piece.len();
        loop {
            let (mut at, mut lowest) = (0, NO_RANK);
            for (place, (_, pair)) in parts.iter().take(count).enumerate() {
                if *pair < lowest {
                    (at, lowest) = (place, *pair);
                }
            }
            if lowest == NO_RANK {
                return count as u64;
            }
            parts.copy_within(at + 2..count, at + 1);
            count -= 1;
            let after = parts.get(at + 1).filter(|_| at + 1 < count);
            let pair = after.map_or(NO_RANK, |(next, _)| self.vocabulary.pair(lowest, *next));
            if let Some(part) = parts.get_mut(at) {
                *part = (lowest, pair);
            }
            if let Some((previous, pair)) = at.checked_sub(1).and_then(|at| parts.get_mut(at)) {
                *pair = self.vocabulary.pair(*previous, lowest);
            }
        }
    }

    fn count_long(&mut self, piece: &[u8]) -> u64 {
        self.parts.clear();
        self.parts.extend((0..).zip(piece).map(|(at, byte)| Part {
            token: self.vocabulary.byte(*byte),
            pair: NO_RANK,
            previous: u32::wrapping_sub(at, 1),
            next: at + 1,
        }));
        let mut queue = std::mem::take(&mut self.queue).into_vec();
        queue.clear();
        for ((at, part), bytes) in (0..).zip(&mut self.parts).zip(piece.windows(2)) {
            if let [left, right] = bytes {
                part.pair = self.vocabulary.byte_pair(*left, *right);
                if part.pair != NO_RANK {
                    queue.push(entry(part.pair, at));
                }
            }
        }
        self.queue = BinaryHeap::from(queue);
        let mut count = piece.len() as u64;
        while let Some(Reverse(lowest)) = self.queue.pop() {
            let (rank, at) = ((lowest >> 32) as Rank, lowest as u32);
            count -= u64::from(self.merge(rank, at));
        }
        count
    }

    /// Merges a part and the next one to the token of a rank. Returns whether they still make that token.
    fn merge(&mut self, rank: Rank, at: u32) -> bool {
        let left = self.part(at);
        if left.pair != rank {
            return false;
        }
        // The part after the right one may be the end of the piece, which has no token and is never merged.
        let right = self.part(left.next);
        let after = self.part(right.next);
        self.set(left.next, Part::END);
        self.set(
            right.next,
            Part {
                previous: at,
                ..after
            },
        );
        let merged = Part {
            token: rank,
            next: right.next,
            ..left
        };
        self.set(at, merged);
        self.queue_pair(at, rank, after.token);
        let before = self.part(left.previous);
        self.queue_pair(left.previous, before.token, rank);
        true
    }

    /// Sets what a part and the next one make.
    fn queue_pair(&mut self, at: u32, left: Rank, right: Rank) {
        let mut pair = NO_RANK;
        if left != NO_RANK && right != NO_RANK {
            pair = self.vocabulary.pair(left, right);
        }
        if let Some(part) = self.parts.get_mut(at as usize) {
            part.pair = pair;
        }
        if pair != NO_RANK {
            self.queue.push(entry(pair, at));
        }
    }

    fn part(&self, at: u32) -> Part {
        self.parts.get(at as usize).copied().unwrap_or(Part::END)
    }

    fn set(&mut self, at: u32, part: Part) {
        if let Some(place) = self.parts.get_mut(at as usize) {
            *place = part;
        }
    }
}

/// An entry of the queue: the lowest rank comes first, and of those, the first place.
fn entry(rank: Rank, at: u32) -> Reverse<u64> {
    Reverse(u64::from(rank) << 32 | u64::from(at))
}
