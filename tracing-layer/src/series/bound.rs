//! A bounded table from series to what is bound to them.
//!
//! It is a hash table of fixed size with open addressing, from which nothing is removed, so that a lookup
//! needs no lock. If the few slots of a series are taken, it is not bound, and each of its measurements is
//! looked up by the SDK.

use std::fmt;
use std::sync::OnceLock;

use super::labels::Series;

/// The first series of an instrument, each with a bound instrument.
pub(super) struct BoundSeries<B> {
    /// Allocated with the first series.
    slots: OnceLock<Box<[Slot<B>]>>,
}

type Slot<B> = OnceLock<Box<(Series, B)>>;

impl<B> BoundSeries<B> {
    pub(super) fn new() -> Self {
        Self {
            slots: OnceLock::new(),
        }
    }

    /// Returns what is bound to a series.
    #[inline]
    pub(super) fn get(&self, series: &Series) -> Option<&B> {
        let slots = self.slots.get()?;
        let filled = of_series(slots, series).map_while(OnceLock::get);
        let mut found = filled.filter(|entry| entry.0 == *series);
        found.next().map(|entry| &entry.1)
    }

    /// Binds a series, if it is not bound and there is space.
    pub(super) fn insert(&self, series: &Series, bind: impl FnOnce() -> B) {
        let slots = self
            .slots
            .get_or_init(|| (0..MAX_BOUND_SERIES).map(|_| OnceLock::new()).collect());
        let is_bound = |slot: &&Slot<B>| slot.get().is_some_and(|entry| entry.0 == *series);
        let mut own = of_series(slots, series);
        let Some(slot) = own.find(|slot| slot.get().is_none() || is_bound(slot)) else {
            return;
        };
        // If another thread fills the slot first, its series is kept and this one is bound another time.
        slot.get_or_init(|| Box::new((series.clone(), bind())));
    }
}

/// Returns the slots that a series may have.
#[inline]
fn of_series<'a, B>(slots: &'a [Slot<B>], series: &Series) -> impl Iterator<Item = &'a Slot<B>> + use<'a, B> {
    let start = (series.id() >> 32) as usize;
    let mask = slots.len() - 1;
    (0..MAX_PROBES).filter_map(move |offset| slots.get(start.wrapping_add(offset) & mask))
}

impl<B> fmt::Debug for BoundSeries<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundSeries").finish_non_exhaustive()
    }
}

/// The maximum number of bound series of an instrument, a power of two: some hundred bytes each.
const MAX_BOUND_SERIES: usize = 256;
/// The maximum number of slots that a lookup looks at.
const MAX_PROBES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn series(number: i64) -> Series {
        let mut series = Series::new();
        series.push("a", "b");
        series.push("number", number);
        series
    }

    #[test]
    fn each_series_has_its_own() {
        let bound = BoundSeries::new();
        for number in 0..50 {
            assert_eq!(bound.get(&series(number)), None, "{number} is new");
            bound.insert(&series(number), || number);
        }
        for number in 0..50 {
            bound.insert(&series(number), || -1);
            assert_eq!(
                bound.get(&series(number)),
                Some(&number),
                "{number} is bound once"
            );
        }
    }

    #[test]
    fn a_flood_leaves_the_first_series_bound() {
        let bound = BoundSeries::new();
        for number in 0..100_000 {
            bound.insert(&series(number), || number);
        }
        let count = (0..100_000)
            .filter(|number| bound.get(&series(*number)).is_some())
            .count();
        assert_eq!(count, MAX_BOUND_SERIES, "no more than there are slots");
        assert_eq!(bound.get(&series(0)), Some(&0), "the first is bound");
        for number in 0..100_000 {
            let own = bound.get(&series(number)).copied();
            assert!(
                own.is_none_or(|own| own == number),
                "{number} has another one's: {own:?}"
            );
        }
    }

    #[test]
    fn series_that_share_a_number_are_told_apart() {
        let (mut one, mut other) = (Series::new(), Series::new());
        one.push("a", 7);
        other.push("b", 7);
        assert_eq!(one.id(), other.id(), "the number is of the values");
        let bound = BoundSeries::new();
        bound.insert(&one, || 1);
        bound.insert(&other, || 2);
        assert_eq!(
            (bound.get(&one), bound.get(&other)),
            (Some(&1), Some(&2)),
            "by their keys"
        );
    }
}
