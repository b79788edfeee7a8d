//! Counts the tokens of a piece that is not a token: byte pair encoding.
//!
//! At first, each byte is a part, or each [character](super::whole) if that gives the same result. Then
//! the two neighbours that make the token of the lowest rank are merged, the first of them if there are
//! several, until no two neighbours make a token. The number of parts is the number of tokens.
//!
//! A part is known by the rank of its token, so what two neighbours make is one look-up of two numbers, and
//! no bytes are hashed. A [`Tree`] finds the lowest rank, so a piece of n bytes takes n log n steps, whatever
//! its bytes are. A queue would take as many, but would also hold the pairs that are no longer there.

use super::rank::{NO_RANK, Rank};
use super::vocabulary::Vocabulary;

/// Merges the bytes of pieces. Its memory is empty until a long piece comes.
#[derive(Debug)]
pub(super) struct Merger<'v> {
    vocabulary: &'v Vocabulary,
    parts: Vec<Part>,
    tree: Vec<Block>,
}

/// The most bytes of a piece that is merged without an allocation.
const MAX_INLINE_BYTES: usize = 64;

impl<'v> Merger<'v> {
    pub(super) fn new(vocabulary: &'v Vocabulary) -> Self {
        Self {
            vocabulary,
            parts: Vec::new(),
            tree: Vec::new(),
        }
    }

    /// Returns the number of tokens of a piece.
    pub(super) fn count(&mut self, piece: &str) -> u64 {
        if piece.len() <= 2 {
            return piece.len() as u64;
        }
        if piece.len() <= MAX_INLINE_BYTES {
            let mut tree = [EMPTY; MAX_INLINE_BYTES / WIDTH + 1];
            return Parts::new(
                self.vocabulary,
                piece,
                &mut [Part::END; MAX_INLINE_BYTES],
                &mut tree,
            )
            .merge_all();
        }
        if self.parts.len() < piece.len() {
            self.parts.resize(piece.len(), Part::END);
        }
        self.tree.clear();
        self.tree.resize(Tree::blocks(piece.len()), EMPTY);
        Parts::new(self.vocabulary, piece, &mut self.parts, &mut self.tree).merge_all()
    }
}

/// A part of a piece, at the place of its first byte.
#[derive(Debug, Clone, Copy)]
struct Part {
    token: Rank,
    /// The places of its neighbours.
    previous: u32,
    next: u32,
}

impl Part {
    /// What is before the first part and after the last one.
    const END: Self = Self {
        token: NO_RANK,
        previous: u32::MAX,
        next: u32::MAX,
    };
}

/// The parts of a piece.
struct Parts<'p> {
    vocabulary: &'p Vocabulary,
    parts: &'p mut [Part],
    count: usize,
    pairs: Tree<'p>,
}

impl<'p> Parts<'p> {
    /// Makes each byte a part, but for the characters that are whole. There is room for as many parts as
    /// bytes.
    fn new(vocabulary: &'p Vocabulary, piece: &str, parts: &'p mut [Part], tree: &'p mut [Block]) -> Self {
        let bytes = piece.as_bytes();
        let mut count = 0;
        let mut push = |token| {
            if let Some(part) = parts.get_mut(count) {
                let at = count as u32;
                *part = Part {
                    token,
                    previous: at.wrapping_sub(1),
                    next: at + 1,
                };
            }
            count += 1;
        };
        for (start, character) in piece.char_indices() {
            let end = start + character.len_utf8();
            let whole = match character.is_ascii() {
                true => None,
                false => vocabulary.whole().rank(character, bytes, start..end),
            };
            match whole {
                Some(token) => push(token),
                None => {
                    let bytes = bytes.get(start..end).unwrap_or_default();
                    bytes.iter().for_each(|byte| push(vocabulary.byte(*byte)));
                }
            }
        }
        let parts = parts.get_mut(..count).unwrap_or_default();
        let pairs = parts.windows(2).map(|pair| match pair {
            [left, right] => vocabulary.pair(left.token, right.token),
            _ => NO_RANK,
        });
        let pairs = Tree::new(tree, count, pairs);
        Self {
            vocabulary,
            parts,
            count,
            pairs,
        }
    }

    /// Merges parts until no neighbours make a token. Returns how many are left.
    fn merge_all(mut self) -> u64 {
        while let Some((rank, at)) = self.pairs.lowest() {
            self.merge(rank, at);
        }
        self.count as u64
    }

    /// Merges a part and the next one to the token of a rank.
    fn merge(&mut self, rank: Rank, at: u32) {
        let left = self.part(at);
        let right = self.part(left.next);
        let after = self.part(right.next);
        if let Some(part) = self.parts.get_mut(at as usize) {
            (part.token, part.next) = (rank, right.next);
        }
        if let Some(part) = self.parts.get_mut(right.next as usize) {
            part.previous = at;
        }
        self.count -= 1;
        self.pairs.set(left.next, NO_RANK);
        self.pairs.set(at, self.pair(rank, after.token));
        if left.previous != u32::MAX {
            let before = self.part(left.previous);
            self.pairs.set(left.previous, self.pair(before.token, rank));
        }
    }

    /// Returns the rank of what two tokens make.
    #[inline]
    fn pair(&self, left: Rank, right: Rank) -> Rank {
        match right {
            NO_RANK => NO_RANK,
            _ => self.vocabulary.pair(left, right),
        }
    }

    /// Returns the part at a place, or [`Part::END`] outside the piece.
    #[inline]
    fn part(&self, at: u32) -> Part {
        self.parts.get(at as usize).copied().unwrap_or(Part::END)
    }
}

/// The ranks of pairs by their places, and the lowest of them.
///
/// A block holds eight entries: a rank above the place, so that the least entry is the first of the lowest
/// rank. An entry of a block on the next level is the least of a block below. The last block is the root.
struct Tree<'p> {
    blocks: &'p mut [Block],
    /// The number of blocks on the lowest level.
    leaves: usize,
}

const WIDTH: usize = 8;

type Block = [u64; WIDTH];

const EMPTY: Block = [NO_ENTRY; WIDTH];

const NO_ENTRY: u64 = u64::MAX;

impl<'p> Tree<'p> {
    /// Returns the number of blocks for some places.
    fn blocks(places: usize) -> usize {
        let mut level = places.div_ceil(WIDTH);
        let mut blocks = level;
        while level > 1 {
            level = level.div_ceil(WIDTH);
            blocks += level;
        }
        blocks
    }

    /// Fills empty blocks, or as many of them as there are places for.
    fn new(blocks: &'p mut [Block], places: usize, ranks: impl Iterator<Item = Rank>) -> Self {
        let blocks = blocks.get_mut(..Self::blocks(places)).unwrap_or_default();
        let entries = (0..).zip(ranks).map(|(at, rank)| entry(rank, at));
        for (place, entry) in blocks.as_flattened_mut().iter_mut().zip(entries) {
            *place = entry;
        }
        let leaves = places.div_ceil(WIDTH);
        let (mut level, mut above) = blocks.split_at_mut_checked(leaves).unwrap_or_default();
        while level.len() > 1 {
            for (place, block) in above.as_flattened_mut().iter_mut().zip(level.iter()) {
                *place = least(block);
            }
            let next = level.len().div_ceil(WIDTH);
            (level, above) = above.split_at_mut_checked(next).unwrap_or_default();
        }
        Self { blocks, leaves }
    }

    /// Returns the lowest rank and its first place.
    #[inline]
    fn lowest(&self) -> Option<(Rank, u32)> {
        let least = self.blocks.last().map_or(NO_ENTRY, least);
        let rank = (least >> 32) as Rank;
        (rank != NO_RANK).then_some((rank, least as u32))
    }

    /// Sets the rank at a place.
    #[inline]
    fn set(&mut self, at: u32, rank: Rank) {
        let (mut place, mut entry) = (at as usize, entry(rank, at));
        let (mut start, mut level) = (0, self.leaves);
        while let Some(block) = self.blocks.get_mut(start + place / WIDTH) {
            match block.get_mut(place % WIDTH) {
                Some(old) if *old != entry => *old = entry,
                _ => return,
            }
            if level == 1 {
                return;
            }
            entry = least(block);
            place /= WIDTH;
            start += level;
            level = level.div_ceil(WIDTH);
        }
    }
}

fn entry(rank: Rank, at: u32) -> u64 {
    match rank {
        NO_RANK => NO_ENTRY,
        _ => u64::from(rank) << 32 | u64::from(at),
    }
}

/// Returns the least entry of a block, by comparing what does not depend on each other.
#[inline]
fn least(block: &Block) -> u64 {
    let [a, b, c, d, e, f, g, h] = *block;
    let (ab, cd, ef, gh) = (a.min(b), c.min(d), e.min(f), g.min(h));
    ab.min(cd).min(ef.min(gh))
}
