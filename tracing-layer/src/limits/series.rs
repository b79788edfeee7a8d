//! A bound for the number of series of one instrument.
//!
//! Bounding each label is not enough, since labels are combined. 100 models at 64 addresses with 64 kinds of
//! errors are 409,600 series, and an SDK holds 2,000 per instrument before every new one becomes
//! `otel_metric_overflow`, until the process ends. Therefore combinations are counted here. One of their
//! labels is the *key*, the one that users query: the model of a call, the host of a request, the name of a
//! tool.
//!
//! [`MAX_SERIES`] is distributed so that no key can take what another one needs. With at most n keys (those
//! that a [`DistinctValues`] may ever admit, and `_OTHER`):
//!
//! - 2 series of each key are *merged*: all other labels are `_OTHER` or omitted, once with an error and once
//!   without. They need no admission, so that every measurement has the label of its key.
//! - at least 1 series of each key, its *own*, is recorded in full at any time. A model that occurs first
//!   after a flood of others is recorded with its provider and address.
//! - the rest is *shared*: first come, first served, but one key takes at most a quarter of it, and `_OTHER`,
//!   which receives floods, a sixteenth. Most programs have few models and many combinations of each, and
//!   lose no label at all.
//!
//! The own and merged series of n keys and the shared ones add up to [`MAX_SERIES`]. Two examples:
//!
//! | keys | n | per key, own and merged | shared |
//! |---|--:|--:|--:|
//! | 100 hosts | 101 | 6 + 2 | 1,092 |
//! | 100 models, 200 named by prices and rules, 100 related to those | 401 | 1 + 2 | 697 |
//!
//! Each series is stored as one number, in a table like that of [`DistinctValues`]: a lookup needs neither a
//! lock nor an allocation. The number is mixed from the places of the label values, which are at most 11 bits
//! each, and from texts that the program chose, so an attacker has little room to construct two series with
//! the same number.

use std::fmt;
use std::sync::atomic::{AtomicU16, AtomicU64, AtomicUsize, Ordering};

use super::{DistinctValues, Place};

/// The maximum number of series of one instrument, below the 2,000 at which an SDK merges all new ones.
pub const MAX_SERIES: usize = 1_900;

/// A bound for the series of one instrument. See the [module](super).
///
/// ```
/// # use throughline_tracing_layer as throughline;
/// use throughline::limits::{Claim, DistinctValues, Place, SeriesBudget, series_id};
///
/// let hosts = DistinctValues::new(100);
/// let budget = SeriesBudget::new(&hosts);
/// let host = hosts.place("example.com", 443, || Claim::Unknown);
/// assert!(budget.admits(host, series_id([200])), "the first of this host");
/// let admitted = (0..100_000).filter(|status| budget.admits(host, series_id([*status])));
/// assert!(admitted.count() < 1_000, "and some more, but not all");
/// let other = hosts.place("example.org", 443, || Claim::Unknown);
/// assert!(budget.admits(other, series_id([200])), "which leaves room for another host");
/// ```
pub struct SeriesBudget {
    series: Box<[AtomicU64]>,
    /// The number of series of each key, by its place.
    of_key: Box<[AtomicU16]>,
    own: u16,
    /// The maximum number of series of a key, and of all values without a place.
    most: [u16; 2],
    shared: AtomicUsize,
}

impl SeriesBudget {
    /// Creates a budget for series whose key is one of `keys`.
    #[must_use]
    pub fn new(keys: &DistinctValues) -> Self {
        let count = keys.max() + 1;
        let share = (MAX_SERIES / 2 / count).clamp(MERGED + 1, MERGED + MAX_OWN);
        let shared = MAX_SERIES.saturating_sub(count * share);
        let own = share - MERGED;
        let most = |part: usize| u16::try_from(own + shared / part).unwrap_or(u16::MAX);
        Self {
            series: (0..(2 * MAX_SERIES).next_power_of_two())
                .map(|_| AtomicU64::new(0))
                .collect(),
            of_key: (0..=keys.slots()).map(|_| AtomicU16::new(0)).collect(),
            own: u16::try_from(own).unwrap_or(u16::MAX),
            most: [most(4), most(16)],
            shared: AtomicUsize::new(shared),
        }
    }

    /// Returns whether the series with this key and this [id](series_id) may be recorded in full. If not,
    /// record it merged: with the label of the key, and every other label `_OTHER` or omitted.
    ///
    /// A series that was admitted once always is.
    pub fn admits(&self, key: Place, id: u64) -> bool {
        let id = series_id([id, key.id()]).max(1);
        let start = (id >> 32) as usize & (self.series.len() - 1);
        let first = self.series.get(start);
        first.is_some_and(|first| first.load(Ordering::Relaxed) == id) || self.search(key, id, start)
    }

    // Separate from the first look, which ends most searches.
    #[inline(never)]
    fn search(&self, key: Place, id: u64, start: usize) -> bool {
        let mask = self.series.len() - 1;
        let mut counted = false;
        for offset in 0..self.series.len() {
            let Some(slot) = self.series.get(start.wrapping_add(offset) & mask) else {
                break;
            };
            let mut found = slot.load(Ordering::Relaxed);
            if found == 0 {
                counted = counted || self.count(key);
                if !counted {
                    return false;
                }
                match slot.compare_exchange(0, id, Ordering::Relaxed, Ordering::Relaxed) {
                    Ok(_) => return true,
                    Err(other) => found = other,
                }
            }
            // If another thread was faster, the series is counted twice. This wastes a place and never
            // exceeds the bound.
            if found == id {
                return true;
            }
        }
        false
    }

    /// Takes a place for another series of a key: one of its own, or else a shared one.
    fn count(&self, key: Place) -> bool {
        let Some(count) = self.of_key.get(key.index()) else {
            return false;
        };
        let [of_key, of_others] = self.most;
        let most = if key.is_other() { of_others } else { of_key };
        if count.load(Ordering::Relaxed) >= most {
            return false;
        }
        let before = count.fetch_add(1, Ordering::Relaxed);
        let is_counted = before < self.own || before < most && self.take_shared();
        if !is_counted {
            count.fetch_sub(1, Ordering::Relaxed);
        }
        is_counted
    }

    fn take_shared(&self) -> bool {
        let less = |shared: usize| shared.checked_sub(1);
        let taken = self
            .shared
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        taken.is_ok()
    }
}

impl fmt::Debug for SeriesBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeriesBudget")
            .field("own", &self.own)
            .field("shared", &self.shared)
            .finish_non_exhaustive()
    }
}

/// Mixes the parts that distinguish a series from others of the same key into one number: places of label
/// values, status codes, hashes of texts that the program chose.
#[inline]
#[must_use]
pub fn series_id(parts: impl IntoIterator<Item = u64>) -> u64 {
    let mix = |id: u64, part: u64| {
        let mixed = (id ^ part).wrapping_mul(MULTIPLIER);
        mixed ^ mixed >> 29
    };
    parts.into_iter().fold(SEED, mix)
}

/// The fraction of the golden ratio.
const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
const SEED: u64 = 0x2545_F491_4F6C_DD1D;
/// The merged series of a key: with an error, and without.
const MERGED: usize = 2;
/// The maximum number of own series of a key.
const MAX_OWN: usize = 6;

#[cfg(test)]
mod tests {
    use super::super::{Claim, MAX_DISTINCT_VALUES};
    use super::*;

    /// Admits `per_key` series of each key. Returns how many each one got.
    fn fill(budget: &SeriesBudget, keys: &[Place], per_key: u64) -> Vec<usize> {
        let admitted = |key: &Place| {
            (0..per_key)
                .filter(|id| budget.admits(*key, series_id([*id])))
                .count()
        };
        keys.iter().map(admitted).collect()
    }

    fn places(values: &DistinctValues, count: usize, claim: Claim) -> Vec<Place> {
        (0..count)
            .map(|n| values.place(&format!("{claim:?}-{n}"), 0, || claim))
            .collect()
    }

    #[test]
    fn a_flood_leaves_room_for_every_key() {
        for max in [0, 1, 10, 100, MAX_DISTINCT_VALUES] {
            let values = DistinctValues::new(max).with_claims(200, 100);
            let budget = SeriesBudget::new(&values);
            let early = places(&values, max, Claim::Unknown);
            let mut all: usize = fill(&budget, &early, 1_000).iter().sum();
            all += fill(&budget, &[Place::OTHER], 100_000).iter().sum::<usize>();
            for claim in [Claim::Named, Claim::Related] {
                let count = if claim == Claim::Named { 200 } else { 100 };
                let late = fill(&budget, &places(&values, count, claim), 1_000);
                assert!(
                    late.iter().all(|count| *count >= 1),
                    "{claim:?} of at most {max}: each has a series in full"
                );
                all += late.iter().sum::<usize>();
            }
            let merged = MERGED * (max + 300 + 1);
            assert!(
                all + merged <= MAX_SERIES,
                "{all} in full and {merged} merged, at most {max} keys"
            );
        }
    }

    #[test]
    fn one_key_takes_no_more_than_its_part() {
        let values = DistinctValues::new(100).with_claims(200, 100);
        let budget = SeriesBudget::new(&values);
        let keys = places(&values, 5, Claim::Unknown);
        let counts = fill(&budget, &keys, 10_000);
        let [first, .., last] = counts[..] else {
            panic!("five counts")
        };
        assert!((100..=200).contains(&first), "the first has {first}");
        assert!((1..first).contains(&last), "the last has what is left: {last}");
        let again = fill(&budget, &keys, 10_000);
        assert_eq!(again, counts, "what was admitted is admitted again, and no more");
    }

    #[test]
    fn few_keys_share_all_that_there_is() {
        let values = DistinctValues::new(10);
        let budget = SeriesBudget::new(&values);
        let keys = places(&values, 10, Claim::Unknown);
        let counts = fill(&budget, &keys, 60);
        assert_eq!(counts, [60; 10], "ten models with 60 combinations each");
    }

    #[test]
    fn ids_tell_series_apart() {
        let mut ids = std::collections::HashSet::new();
        for a in 0..100 {
            for b in 0..100 {
                for c in 0..20 {
                    assert!(ids.insert(series_id([a, b, c])), "{a}, {b}, {c}");
                }
            }
        }
    }
}
