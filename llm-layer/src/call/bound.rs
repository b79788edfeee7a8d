//! Instruments that bind their first series, so that the SDK does not hash the labels of each measurement.
//!
//! A call knows the number of its series before it has built the labels: see
//! [`Dimensions::series`](super::dimensions::Dimensions::series). So what is bound is found by that number,
//! and the labels are built for series that are not bound only. Without a provider that is known to support
//! [bound instruments](throughline_tracing_layer::provider::BoundInstruments), nothing is bound.

use std::fmt;
use std::sync::OnceLock;

use opentelemetry::KeyValue;
use throughline_tracing_layer::labels::Labels;
use throughline_tracing_layer::series::Bind;

/// The number of a series, and its labels.
pub(super) trait NumberedSeries {
    /// Returns its number among the series of an instrument; `None` if it has none of its own.
    fn number(&self) -> Option<u64>;

    /// Returns its labels.
    fn labels(&self) -> &[KeyValue];
}

/// An instrument, and its first series with a bound instrument each.
pub(super) struct Numbered<T, I: Bind<T>> {
    instrument: I,
    /// A hash table with open addressing, from which nothing is removed, so that a lookup needs no lock.
    /// Allocated with the first series.
    bound: OnceLock<Box<[Slot<I::Bound>]>>,
}

type Slot<B> = OnceLock<(u64, B)>;

impl<T, I: Bind<T>> Numbered<T, I> {
    pub(super) fn new(instrument: I) -> Self {
        Self {
            instrument,
            bound: OnceLock::new(),
        }
    }

    /// Records a value. `binds` says whether the provider is known to support bound instruments.
    pub(super) fn record(&self, value: T, series: &impl NumberedSeries, binds: bool) {
        let number = series.number().filter(|_| binds);
        match number.and_then(|number| self.get(number)) {
            Some(bound) => I::measure_bound(bound, value),
            None => {
                self.instrument.measure(value, series.labels());
                // After the measurement: an SDK exports what is bound even if it has no value yet.
                if let Some(number) = number {
                    self.insert(number, || self.bind(series.labels()));
                }
            }
        }
    }

    /// Records a value with these labels.
    pub(super) fn measure(&self, value: T, labels: &[KeyValue]) {
        self.instrument.measure(value, labels);
    }

    /// Binds the instrument to labels. Only for a provider that is known to support that, after a measurement.
    pub(super) fn bind(&self, labels: &[KeyValue]) -> I::Bound {
        self.instrument.bound_to(labels)
    }

    fn get(&self, number: u64) -> Option<&I::Bound> {
        let filled = slots(self.bound.get()?, number).map_while(OnceLock::get);
        let mut found = filled.filter(|(other, _)| *other == number);
        found.next().map(|(_, bound)| bound)
    }

    fn insert(&self, number: u64, bind: impl FnOnce() -> I::Bound) {
        let bound = self
            .bound
            .get_or_init(|| (0..MAX_BOUND_SERIES).map(|_| OnceLock::new()).collect());
        // If another thread fills the slot first, this series is bound another time.
        if let Some(slot) = slots(bound, number).find(|slot| slot.get().is_none()) {
            slot.get_or_init(|| (number, bind()));
        }
    }
}

/// Returns the slots that a series may have.
fn slots<B>(bound: &[Slot<B>], number: u64) -> impl Iterator<Item = &Slot<B>> {
    let (start, mask) = ((number >> 32) as usize, bound.len().wrapping_sub(1));
    (0..MAX_PROBES).filter_map(move |offset| bound.get(start.wrapping_add(offset) & mask))
}

/// The maximum number of bound series of an instrument, a power of two: about 100 bytes each.
const MAX_BOUND_SERIES: usize = 256;
/// The maximum number of slots that a lookup looks at.
const MAX_PROBES: usize = 8;

impl<T, I: Bind<T>> fmt::Debug for Numbered<T, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Numbered").finish_non_exhaustive()
    }
}

/// A series whose labels the program fixes.
pub(super) struct FixedSeries {
    pub(super) number: u64,
    pub(super) labels: Labels,
}

impl NumberedSeries for FixedSeries {
    fn number(&self) -> Option<u64> {
        Some(self.number)
    }

    fn labels(&self) -> &[KeyValue] {
        self.labels.as_slice()
    }
}
