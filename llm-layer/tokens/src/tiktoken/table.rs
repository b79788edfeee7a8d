//! A hash table of numbers, without buckets or pointers, and its hash.

/// Spreads the bits of a number over all bits, by the two halves of a product.
#[inline]
pub(super) fn mix(number: u64) -> u64 {
    let product = u128::from(number ^ 0x9E37_79B9_7F4A_7C15) * 0xD6E8_FEB8_6659_FD93;
    (product >> 64) as u64 ^ product as u64
}

/// Returns a number below a bound, by the upper bits of a hash.
#[inline]
pub(super) fn scale(hash: u64, bound: usize) -> usize {
    ((u128::from(hash) * bound as u128) >> 64) as usize
}

/// A hash table that holds its keys in the slots. After a full slot, the next one is tried, and the table
/// grows at its end.
#[derive(Debug)]
pub(super) struct Table {
    slots: Vec<u64>,
    /// The number of slots in which a search may begin.
    starts: usize,
}

impl Table {
    const EMPTY: u64 = u64::MAX;

    /// Creates a table that is at most 5/8 full.
    pub(super) fn with_room_for(entries: usize) -> Self {
        let starts = entries * 8 / 5;
        // Some room for the last entries, so that the table is not moved.
        let mut slots = Vec::with_capacity(starts + 64);
        slots.resize(starts, Self::EMPTY);
        Self { slots, starts }
    }

    /// Returns a number above the places of all slots.
    pub(super) fn places(&self) -> usize {
        self.slots.capacity()
    }

    /// Returns where the search for a hash begins.
    #[inline]
    fn start(&self, hash: u64) -> usize {
        scale(hash, self.starts)
    }

    /// Fills a slot. Returns its place.
    pub(super) fn insert(&mut self, hash: u64, slot: u64) -> usize {
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
    pub(super) fn find(&self, hash: u64, is_found: impl Fn(u64) -> bool) -> Option<(usize, u64)> {
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
