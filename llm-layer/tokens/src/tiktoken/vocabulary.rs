//! The tokens of an encoding.
//!
//! A token is known by its rank: the lower it is, the earlier its two parts are merged. Ranks begin at 0,
//! have no gaps and need 18 bits. Two hash tables with open addressing hold what counting reads, so that a
//! look-up is one cache miss as a rule:
//!
//! - `TokenSet` answers whether some bytes are a token. A slot holds up to 7 bytes and their number, or, for
//!   a longer token, 38 bits of a hash and the rank, by which the bytes are found and compared.
//! - `PairTable` answers which token two tokens make. A slot holds the three ranks.
//!
//! With all else, that is 12 MB for `o200k_base`. The maps of tiktoken-rs take 42 MB and are dropped.

use tiktoken_rs::CoreBPE;

use super::rank::{NO_RANK, Rank};
use super::table::{Table, mix, scale};
use super::whole::WholeCharacters;

const RANK_BITS: u32 = 18;
const RANK_MASK: u64 = (1 << RANK_BITS) - 1;

/// The tokens of an encoding, for look-ups.
#[derive(Debug)]
pub(super) struct Vocabulary {
    tokens: TokenSet,
    pairs: PairTable,
    /// The ranks of all single bytes.
    bytes: Vec<Rank>,
    whole: WholeCharacters,
}

impl Vocabulary {
    pub(super) fn new(core: CoreBPE) -> Self {
        let (tokens, ranks) = TokenSet::new(core);
        let rank = |token: &[u8]| {
            let slot = tokens.find(token)?;
            ranks.get(slot).copied()
        };
        let bytes = (0..=u8::MAX).map(|byte| rank(&[byte]).unwrap_or(NO_RANK));
        Self {
            bytes: bytes.collect(),
            whole: WholeCharacters::new(tokens.all.iter(), rank),
            pairs: PairTable::new(&tokens.all, rank),
            tokens,
        }
    }

    /// Returns the number of tokens.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.tokens.all.len()
    }

    /// Returns whether some bytes are a token.
    #[inline]
    pub(super) fn contains(&self, piece: &[u8]) -> bool {
        self.tokens.find(piece).is_some()
    }

    /// Returns the characters that are whole tokens from the beginning.
    pub(super) fn whole(&self) -> &WholeCharacters {
        &self.whole
    }

    /// Returns the rank of a byte.
    #[inline]
    pub(super) fn byte(&self, byte: u8) -> Rank {
        self.bytes.get(usize::from(byte)).copied().unwrap_or(NO_RANK)
    }

    /// Returns the rank of the token that two tokens make.
    #[inline]
    pub(super) fn pair(&self, left: Rank, right: Rank) -> Rank {
        self.pairs.get(left, right)
    }
}

/// All tokens, and where they are by their bytes.
#[derive(Debug)]
struct TokenSet {
    all: Tokens,
    table: Table,
}

impl TokenSet {
    /// Reads the tokens. Also returns the rank of the token in each slot, which is not needed for long.
    fn new(core: CoreBPE) -> (Self, Vec<Rank>) {
        let all = Tokens::read(&core);
        drop(core);
        let mut table = Table::with_room_for(all.len());
        let mut ranks = vec![NO_RANK; table.places()];
        for (rank, token) in all.iter() {
            let key = PieceKey::new(token);
            let slot = table.insert(key.hash, key.slot(rank));
            if let Some(entry) = ranks.get_mut(slot) {
                *entry = rank;
            }
        }
        (Self { all, table }, ranks)
    }

    /// Returns the slot of a token.
    #[inline]
    fn find(&self, piece: &[u8]) -> Option<usize> {
        let key = PieceKey::new(piece);
        let is_piece =
            |slot: u64| key.matches(slot) && (key.is_whole || self.all.get(slot & RANK_MASK) == Some(piece));
        self.table.find(key.hash, is_piece).map(|(at, _)| at)
    }
}

/// All tokens, by rank.
#[derive(Debug, Clone)]
struct Tokens {
    bytes: Vec<u8>,
    /// Where each token ends in `bytes`.
    ends: Vec<u32>,
}

impl Tokens {
    /// Reads the tokens in front of the first gap. Only special tokens, which are never counted, come behind
    /// it.
    fn read(core: &CoreBPE) -> Self {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        while let Ok(token) = core.decode_bytes(&[ends.len() as Rank]) {
            bytes.extend(token);
            ends.push(bytes.len() as u32);
        }
        bytes.shrink_to_fit();
        ends.shrink_to_fit();
        Self { bytes, ends }
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn get(&self, rank: u64) -> Option<&[u8]> {
        let rank = rank as usize;
        let start = match rank.checked_sub(1) {
            Some(previous) => *self.ends.get(previous)?,
            None => 0,
        };
        self.bytes.get(start as usize..*self.ends.get(rank)? as usize)
    }

    fn iter(&self) -> impl Iterator<Item = (Rank, &[u8])> {
        (0..self.ends.len() as Rank).filter_map(|rank| Some((rank, self.get(rank.into())?)))
    }
}

/// What a slot holds of some bytes, and their hash.
struct PieceKey {
    hash: u64,
    /// The bytes with their number on top, or a part of the hash, with [`Self::LONG`] on top and room for a
    /// rank below.
    bits: u64,
    /// The slot holds the bytes themselves.
    is_whole: bool,
}

impl PieceKey {
    const LONG: u64 = 8 << 56;

    #[inline]
    fn new(piece: &[u8]) -> Self {
        if piece.len() < 8 {
            let bits = short(piece) | (piece.len() as u64) << 56;
            return Self {
                hash: mix(bits),
                bits,
                is_whole: true,
            };
        }
        let (mut hash, mut tail) = (piece.len() as u64, piece);
        while let Some((chunk, rest)) = tail.split_first_chunk::<8>() {
            hash = mix(hash ^ u64::from_le_bytes(*chunk));
            tail = rest;
        }
        hash = mix(hash ^ short(tail));
        Self {
            hash,
            bits: Self::LONG | hash << RANK_BITS & !(u64::MAX << 56),
            is_whole: false,
        }
    }

    fn slot(&self, rank: Rank) -> u64 {
        match self.is_whole {
            true => self.bits,
            false => self.bits & !RANK_MASK | u64::from(rank),
        }
    }

    #[inline]
    fn matches(&self, slot: u64) -> bool {
        match self.is_whole {
            true => slot == self.bits,
            false => (slot ^ self.bits) >> RANK_BITS == 0,
        }
    }
}

/// Returns up to 7 bytes as a number.
#[inline]
fn short(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// What two tokens make. Most make nothing, so a small filter is read first, which says so for 9 in 10 of
/// them.
#[derive(Debug)]
struct PairTable {
    /// What the first tokens make. These are single bytes, with which every merging begins.
    first: Vec<Rank>,
    filter: Vec<u64>,
    table: Table,
}

impl PairTable {
    /// The number of the first tokens.
    const FIRST: u32 = 256;

    /// Finds all pairs of tokens that make a token.
    fn new(tokens: &Tokens, rank: impl Fn(&[u8]) -> Option<Rank>) -> Self {
        let mut slots: Vec<u64> = Vec::new();
        for (merged, token) in tokens.iter() {
            for at in 1..token.len() {
                let (left, right) = token.split_at(at);
                let Some(left) = rank(left) else { continue };
                if let Some(right) = rank(right) {
                    slots.push(Self::key(left, right) << RANK_BITS | u64::from(merged));
                }
            }
        }
        let mut table = Self {
            first: vec![NO_RANK; (Self::FIRST * Self::FIRST) as usize],
            filter: vec![0; slots.len() / 8 + 1],
            table: Table::with_room_for(slots.len()),
        };
        slots.into_iter().for_each(|slot| table.insert(slot));
        table
    }

    fn insert(&mut self, slot: u64) {
        let key = slot >> RANK_BITS;
        let (left, right) = ((key >> RANK_BITS) as Rank, (key & RANK_MASK) as Rank);
        if let Some(entry) = Self::first(left, right).and_then(|at| self.first.get_mut(at)) {
            *entry = (slot & RANK_MASK) as Rank;
            return;
        }
        let hash = mix(key);
        let word = scale(hash, self.filter.len());
        if let Some(word) = self.filter.get_mut(word) {
            *word |= Self::bit(hash);
        }
        self.table.insert(hash, slot);
    }

    #[inline]
    fn get(&self, left: Rank, right: Rank) -> Rank {
        if let Some(merged) = Self::first(left, right).and_then(|at| self.first.get(at)) {
            return *merged;
        }
        let key = Self::key(left, right);
        let hash = mix(key);
        let word = self.filter.get(scale(hash, self.filter.len()));
        if word.is_none_or(|word| word & Self::bit(hash) == 0) {
            return NO_RANK;
        }
        let found = self.table.find(hash, |slot| slot >> RANK_BITS == key);
        found.map_or(NO_RANK, |(_, slot)| (slot & RANK_MASK) as Rank)
    }

    /// Returns the place of two of the first tokens in `first`.
    #[inline]
    fn first(left: Rank, right: Rank) -> Option<usize> {
        (left.max(right) < Self::FIRST).then(|| (left * Self::FIRST + right) as usize)
    }

    fn key(left: Rank, right: Rank) -> u64 {
        u64::from(left) << RANK_BITS | u64::from(right)
    }

    /// Returns the bit of a hash in its word, by bits that do not choose the word.
    fn bit(hash: u64) -> u64 {
        1 << (hash & 63)
    }
}
