//! Instruments that all users of one meter share.
//!
//! An SDK holds a bounded number of series per instrument: two layers with the same provider record into the
//! same series. Therefore the bounds of their number, see [`limits`](crate::limits), belong to the meter and
//! not to a layer. Otherwise a scope that is created for each request, with a provider of the user, would
//! start counting anew each time.
//!
//! Meters are distinguished by their address. An entry holds its meter, so no other meter can get that
//! address.

use std::any::Any;
use std::collections::VecDeque;
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry::metrics::Meter;

/// What was built for one meter.
struct Entry {
    meter: Meter,
    /// A [`Built`] of any type.
    built: Box<dyn Any + Send + Sync>,
}

struct Built<I> {
    build: fn(&Meter) -> I,
    instruments: Arc<I>,
}

/// Returns the instruments that `build` creates of a meter, or those that it created before.
pub(super) fn instruments<I: Send + Sync + 'static>(meter: Meter, build: fn(&Meter) -> I) -> Arc<I> {
    if let Some(found) = find(&mut lock(), &meter, build) {
        return found;
    }
    // Not under the lock, since this runs code of the provider.
    let instruments = Arc::new(build(&meter));
    let mut entries = lock();
    if let Some(found) = find(&mut entries, &meter, build) {
        return found;
    }
    let oldest = (entries.len() >= MAX_ENTRIES).then(|| entries.pop_front());
    let built = Built {
        build,
        instruments: Arc::clone(&instruments),
    };
    entries.push_back(Entry {
        meter,
        built: Box::new(built),
    });
    drop(entries);
    drop(oldest);
    instruments
}

/// Finds what was built before and makes it the most recently used.
fn find<I: 'static>(entries: &mut VecDeque<Entry>, meter: &Meter, build: fn(&Meter) -> I) -> Option<Arc<I>> {
    let is_built = |entry: &Entry| {
        let built = entry.built.downcast_ref::<Built<I>>();
        is_same(&entry.meter, meter) && built.is_some_and(|built| ptr::fn_addr_eq(built.build, build))
    };
    let at = entries.iter().position(is_built)?;
    let entry = entries.remove(at)?;
    let built = entry.built.downcast_ref::<Built<I>>();
    let found = built.map(|built| Arc::clone(&built.instruments));
    entries.push_back(entry);
    found
}

pub(super) fn is_same(one: &Meter, other: &Meter) -> bool {
    let [one, other] = [one, other].map(|meter| meter.u64_counter("").instrument_provider);
    ptr::addr_eq(one, other)
}

fn lock() -> MutexGuard<'static, VecDeque<Entry>> {
    ENTRIES.lock().unwrap_or_else(PoisonError::into_inner)
}

static ENTRIES: Mutex<VecDeque<Entry>> = Mutex::new(VecDeque::new());

/// The maximum number of shared sets of instruments. A program has a provider and a handful of sets. The
/// least recently used one is dropped first.
const MAX_ENTRIES: usize = 32;

#[cfg(test)]
mod tests {
    use opentelemetry::metrics::MeterProvider;
    use opentelemetry_sdk::metrics::SdkMeterProvider;

    use super::*;

    struct One;
    struct Other;

    #[test]
    fn instruments_are_built_once_a_meter() {
        let one: fn(&Meter) -> One = |_| One;
        let again: fn(&Meter) -> One = |meter| {
            let _ = meter.u64_counter("x").build();
            One
        };
        let provider = SdkMeterProvider::default();
        let meter = || provider.meter("shared");
        let first = instruments(meter(), one);
        assert!(Arc::ptr_eq(&first, &instruments(meter(), one)), "the same meter");
        assert!(
            !Arc::ptr_eq(&first, &instruments(meter(), again)),
            "another function"
        );
        let other = instruments(meter(), |_| Other);
        assert_eq!(Arc::strong_count(&other), 2, "another type is another entry");
        let elsewhere = SdkMeterProvider::default();
        let found = instruments(elsewhere.meter("shared"), one);
        assert!(!Arc::ptr_eq(&first, &found), "another provider");
        let found = instruments(provider.meter("another"), one);
        assert!(!Arc::ptr_eq(&first, &found), "another meter");
    }

    #[test]
    fn no_more_are_held_than_there_is_room_for() {
        let one: fn(&Meter) -> One = |_| One;
        let provider = SdkMeterProvider::default();
        let used = instruments(provider.meter("used"), one);
        for _ in 0..2 * MAX_ENTRIES {
            instruments(SdkMeterProvider::default().meter("many"), one);
            assert!(lock().len() <= MAX_ENTRIES, "the oldest goes");
            let again = instruments(provider.meter("used"), one);
            assert!(Arc::ptr_eq(&used, &again), "what is used stays");
        }
    }
}
