//! The tokens of an encoding.
//!
//! A token is known by its rank: the lower it is, the earlier its two parts are merged. Ranks begin at 0, have no gaps and
//! need 18 bits. Two hash tables with open addressing hold what counting reads, so that a look-up is one cache miss as a rule:
//!
//! - `pieces` answers whether some bytes are a token. A slot holds up to 7 bytes and their number, or, for a longer token, 38
//!   bits of a hash and the rank, by which the bytes are found and compared.
//! - `pairs` answers which token two tokens make. A slot holds the three ranks.
//!
//! Together they take 13 MB for `o200k_base`; the maps of tiktoken-rs take 46 MB and are dropped.

use tiktoken_rs::CoreBPE;

/// The place of a token in the vocabulary.
pub(super) type Rank = u32;

/// The rank of what is no token. No rank is above it.
pub(super) const NO_RANK: Rank = Rank::MAX;

const RANK_BITS: u32 = 18;
const RANK_MASK: u64 = (1 << RANK_BITS) - 1;

/// The tokens of an encoding, for look-ups.
#[derive(Debug)]
pub(super) struct Vocabulary {
    tokens: Tokens,
    pieces: Table,
    pairs: PairTable,
    /// The ranks of all single bytes.
    bytes: Vec<Rank>,
    /// The ranks of all pairs of bytes.
    byte_pairs: Vec<Rank>,
}

impl Vocabulary {
    pub(super) fn new(core: CoreBPE) -> Self {
        let first = Tokens::read(&core);
        drop(core);
        // A copy, since the first is at the end of the memory that is free now, and would keep it from the system.
        let tokens = first.clone();
        drop(first);
        let mut pieces = Table::with_room_for(tokens.len());
        // The ranks of the slots, which only the pairs need.
        let mut ranks = vec![NO_RANK; pieces.slots.capacity()];
        for (rank, token) in (0..).zip(tokens.iter()) {
            let key = PieceKey::new(token);
            let slot = pieces.insert(key.hash, key.slot(rank));
            if let Some(entry) = ranks.get_mut(slot) {
                *entry = rank;
            }
        }
        let mut vocabulary = Self {
            tokens,
            pieces,
            pairs: PairTable::with_room_for(0),
            bytes: Vec::new(),
            byte_pairs: Vec::new(),
        };
        let rank = |token: &[u8]| {
            let slot = vocabulary.find(token)?;
            ranks.get(slot).copied()
        };
        let pairs = || {
            let tokens = (0..).zip(vocabulary.tokens.iter());
            tokens.flat_map(|(merged, token)| {
                (1..token.len()).filter_map(move |at| {
                    let (left, right) = token.split_at(at);
                    Some((rank(left)?, rank(right)?, merged))
                })
            })
        };
        let mut table = PairTable::with_room_for(pairs().count());
        pairs().for_each(|(left, right, merged)| table.insert(left, right, merged));
        let bytes = (0..=u8::MAX).map(|byte| rank(&[byte]).unwrap_or(NO_RANK));
        let byte_pairs = (0..=u16::MAX).map(|pair| rank(&pair.to_be_bytes()).unwrap_or(NO_RANK));
        (vocabulary.bytes, vocabulary.byte_pairs) = (bytes.collect(), byte_pairs.collect());
        vocabulary.pairs = table;
        vocabulary
    }

    /// Returns the number of tokens.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Returns whether some bytes are a token.
    #[inline]
    pub(super) fn contains(&self, piece: &[u8]) -> bool {
        self.find(piece).is_some()
    }

    /// Returns the rank of a byte.
    #[inline]
    pub(super) fn byte(&self, byte: u8) -> Rank {
        self.bytes.get(usize::from(byte)).copied().unwrap_or(NO_RANK)
    }

    /// Returns the rank of two bytes.
    #[inline]
    pub(super) fn byte_pair(&self, left: u8, right: u8) -> Rank {
        let pair = u16::from_be_bytes([left, right]);
        self.byte_pairs.get(usize::from(pair)).copied().unwrap_or(NO_RANK)
    }

    /// Returns the rank of the token that two tokens make.
    #[inline]
    pub(super) fn pair(&self, left: Rank, right: Rank) -> Rank {
        self.pairs.get(left, right)
    }

    /// Returns the slot of a token.
    #[inline]
    fn find(&self, piece: &[u8]) -> Option<usize> {
        let key = PieceKey::new(piece);
        let is_piece = |slot: u64| {
            key.matches(slot) && (key.is_whole || self.tokens.get(slot & RANK_MASK) == Some(piece))
        };
        self.pieces.find(key.hash, is_piece).map(|(at, _)| at)
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
    /// Reads the tokens in front of the first gap. Only special tokens, which are never counted, come behind it.
    fn read(core: &CoreBPE) -> Self {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        while let Ok(token) = core.decode_bytes(&[ends.len() as Rank]) {
            bytes.extend(token);
            ends.push(bytes.len() as u32);
        }
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

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len() as u64).filter_map(|rank| self.get(rank))
    }
}

/// What a slot holds of some bytes, and their hash.
struct PieceKey {
    hash: u64,
    /// The bytes with their number on top, or a part of the hash, with [`Self::LONG`] on top and room for a rank below.
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

/// Spreads the bits of a number over all bits, by the two halves of a product.
#[inline]
fn mix(number: u64) -> u64 {
    let product = u128::from(number ^ 0x9E37_79B9_7F4A_7C15) * 0xD6E8_FEB8_6659_FD93;
    (product >> 64) as u64 ^ product as u64
}

/// Returns a number below a bound, by the upper bits of a hash.
#[inline]
fn scale(hash: u64, bound: usize) -> usize {
    ((u128::from(hash) * bound as u128) >> 64) as usize
}

/// A hash table that holds its keys in the slots. After a full slot, the next one is tried, and the table grows at its end.
#[derive(Debug)]
struct Table {
    slots: Vec<u64>,
    /// The number of slots in which a search may begin.
    starts: usize,
}

impl Table {
    const EMPTY: u64 = u64::MAX;

    /// Creates a table that is at most 5/8 full.
    fn with_room_for(entries: usize) -> Self {
        let starts = entries * 8 / 5;
        // Some room for the last entries, so that the table is not moved.
        let mut slots = Vec::with_capacity(starts + 64);
        slots.resize(starts, Self::EMPTY);
        Self { slots, starts }
    }

    /// Returns where the search for a hash begins.
    #[inline]
    fn start(&self, hash: u64) -> usize {
        scale(hash, self.starts)
    }

    /// Fills a slot. Returns its place.
    fn insert(&mut self, hash: u64, slot: u64) -> usize {
        let mut at = self.start(hash);
        while self.slots.get(at).is_some_and(|slot| *slot != Self::EMPTY) {
            at += 1;
        }
        match self.slots.get_mut(at) {
            Some(free) => *free = slot,
            None => self.slots.push(slot),
        }
        at
    }

    /// Returns the slot for which `is_found` holds, and its place.
    #[inline]
    fn find(&self, hash: u64, is_found: impl Fn(u64) -> bool) -> Option<(usize, u64)> {
        let start = self.start(hash);
        for (at, slot) in self.slots.get(start..)?.iter().enumerate() {
            if is_found(*slot) {
                return Some((start + at, *slot));
            }
            if *slot == Self::EMPTY {
                break;
            }
        }
        None
    }
}

/// What two tokens make. Most make nothing, so a small filter is read first, which says so for 9 in 10 of them.
#[derive(Debug)]
struct PairTable {
    filter: Vec<u64>,
    table: Table,
}

impl PairTable {
    fn with_room_for(pairs: usize) -> Self {
        Self {
            filter: vec![0; pairs / 8 + 1],
            table: Table::with_room_for(pairs),
        }
    }

    fn insert(&mut self, left: Rank, right: Rank, merged: Rank) {
        let key = Self::key(left, right);
        let hash = mix(key);
        let word = scale(hash, self.filter.len());
        if let Some(word) = self.filter.get_mut(word) {
            *word |= Self::bit(hash);
        }
        self.table.insert(hash, key << RANK_BITS | u64::from(merged));
    }

    #[inline]
    fn get(&self, left: Rank, right: Rank) -> Rank {
        let key = Self::key(left, right);
        let hash = mix(key);
        let word = self.filter.get(scale(hash, self.filter.len()));
        if word.is_none_or(|word| word & Self::bit(hash) == 0) {
            return NO_RANK;
        }
        let found = self.table.find(hash, |slot| slot >> RANK_BITS == key);
        found.map_or(NO_RANK, |(_, slot)| (slot & RANK_MASK) as Rank)
    }

    fn key(left: Rank, right: Rank) -> u64 {
        u64::from(left) << RANK_BITS | u64::from(right)
    }

    /// Returns the bit of a hash in its word, by bits that do not choose the word.
    fn bit(hash: u64) -> u64 {
        1 << (hash & 63)
    }
}
