//! Counters in this process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::entry::{Denied, Entry, Windows};

/// Counters in this process, at most [`MAX_COUNTERS`].
#[derive(Debug, Default)]
pub(super) struct Memory {
    counters: Mutex<HashMap<String, Counter>>,
}

/// What was used and is reserved in one window.
#[derive(Debug, Clone, Copy)]
struct Counter {
    window: u64,
    /// The end of the window, in seconds since the Unix epoch.
    end: u64,
    charged: u64,
    reserved: u64,
    /// The part of what is charged that a shared store does not have yet, if there is one.
    #[cfg(feature = "redis")]
    unshared: u64,
}

/// What was charged to a counter, for a shared store.
#[cfg(feature = "redis")]
pub(super) struct Charge {
    pub(super) key: String,
    /// The length of the window.
    pub(super) seconds: u64,
    pub(super) window: u64,
    pub(super) amount: u64,
}

impl Memory {
    pub(super) fn reserve(&self, entries: &[Entry]) -> Result<Windows, Denied> {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        self.reserve_at(entries, now)
    }

    fn reserve_at(&self, entries: &[Entry], now: Duration) -> Result<Windows, Denied> {
        let mut counters = self.lock();
        // All or none: an entry that is refused must leave the others as they were.
        for (index, entry) in entries.iter().enumerate() {
            let counter = current(&mut counters, entry, now);
            if counter.charged.saturating_add(counter.reserved) >= entry.limit {
                return Err(Denied::Exhausted {
                    index,
                    charged: counter.charged,
                    resets_in: Duration::from_secs(counter.end).saturating_sub(now),
                });
            }
        }
        let reserve = |entry: &Entry| {
            let counter = current(&mut counters, entry, now);
            counter.reserved = counter.reserved.saturating_add(entry.reserved());
            counter.window
        };
        Ok(entries.iter().map(reserve).collect())
    }

    /// A window that is over keeps nothing.
    pub(super) fn settle(&self, entries: &[Entry], windows: &[u64], used: &[u64]) {
        let mut counters = self.lock();
        for ((entry, window), used) in entries.iter().zip(windows).zip(used) {
            let key = match counters.contains_key(&entry.key) {
                true => &entry.key,
                false => &others(entry),
            };
            if let Some(counter) = counters.get_mut(key).filter(|counter| counter.window == *window) {
                counter.reserved = counter.reserved.saturating_sub(entry.reserved());
                counter.charged = counter.charged.saturating_add(*used);
                #[cfg(feature = "redis")]
                {
                    counter.unshared = counter.unshared.saturating_add(*used);
                }
            }
        }
    }

    /// Returns what was charged since the last call, of up to `max` counters.
    #[cfg(feature = "redis")]
    pub(super) fn take_unshared(&self, max: usize) -> Vec<Charge> {
        let mut counters = self.lock();
        let unshared = counters.iter_mut().filter(|(_, counter)| counter.unshared > 0);
        let charges = unshared.map(|(key, counter)| Charge {
            key: key.clone(),
            seconds: counter.end / (counter.window + 1),
            window: counter.window,
            amount: std::mem::take(&mut counter.unshared),
        });
        charges.take(max).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Counter>> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the counter of an entry in the current window.
///
/// Callers choose their keys, so the number of counters is bounded. Beyond the bound, new subjects of a
/// budget share one.
fn current<'a>(counters: &'a mut HashMap<String, Counter>, entry: &Entry, now: Duration) -> &'a mut Counter {
    let seconds = entry.period.seconds();
    let window = now.as_secs() / seconds;
    let fresh = Counter {
        window,
        end: (window + 1) * seconds,
        charged: 0,
        reserved: 0,
        #[cfg(feature = "redis")]
        unshared: 0,
    };
    if counters.len() >= MAX_COUNTERS && !counters.contains_key(&entry.key) {
        counters.retain(|_, counter| counter.end > now.as_secs());
    }
    let key = match counters.len() >= MAX_COUNTERS && !counters.contains_key(&entry.key) {
        true => others(entry),
        false => entry.key.clone(),
    };
    let counter = counters.entry(key).or_insert(fresh);
    if counter.window != window {
        *counter = fresh;
    }
    counter
}

/// The key of the subjects that have no counter of their own.
fn others(entry: &Entry) -> String {
    format!("{}:{}:_OTHER", entry.budget, entry.unit.key())
}

/// The most counters: a few hundred bytes each.
const MAX_COUNTERS: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::super::entry::Unit;
    use super::*;
    use crate::config::Period;

    fn entry(key: &str, limit: u64, input: u64) -> Entry {
        Entry {
            budget: "b".into(),
            key: key.to_owned(),
            unit: Unit::Tokens,
            period: Period::Minute,
            limit,
            input,
            output: 0,
        }
    }

    const NOW: Duration = Duration::from_secs(600);

    #[test]
    fn concurrent_requests_exceed_a_limit_by_at_most_the_last_one_admitted() {
        let memory = Memory::default();
        let entries = [entry("k", 100, 30)];
        let windows: Vec<_> = (0..10)
            .filter_map(|_| memory.reserve_at(&entries, NOW).ok())
            .collect();
        assert_eq!(
            windows.len(),
            4,
            "30, 60 and 90 are below 100, and the fourth crosses it"
        );
        let denied = memory
            .reserve_at(&entries, NOW)
            .expect_err("the rest is reserved");
        let expected = Denied::Exhausted {
            index: 0,
            charged: 0,
            resets_in: Duration::from_secs(60),
        };
        assert_eq!(denied, expected, "nothing is spent yet");
        for windows in &windows {
            memory.settle(&entries, windows, &[10]);
        }
        let admitted = (0..10)
            .filter(|_| memory.reserve_at(&entries, NOW).is_ok())
            .count();
        assert_eq!(admitted, 2, "40 are spent, so 70 and 100 are reached");
    }

    #[test]
    fn refused_entry_leaves_the_others() {
        let memory = Memory::default();
        let both = [entry("wide", 100, 50), entry("narrow", 10, 10)];
        memory.reserve_at(&both, NOW).expect("both have room");
        let denied = memory.reserve_at(&both, NOW).expect_err("one is used up");
        assert!(matches!(denied, Denied::Exhausted { index: 1, .. }), "{denied:?}");
        memory
            .reserve_at(&both[..1], NOW)
            .expect("50 of 100 are reserved, not 100");
    }

    #[test]
    fn window_starts_anew_and_late_settlements_belong_to_the_old_one() {
        let memory = Memory::default();
        let entries = [entry("k", 10, 10)];
        let windows = memory
            .reserve_at(&entries, NOW + Duration::from_millis(59_999))
            .expect("room");
        let denied = memory
            .reserve_at(&entries, NOW + Duration::from_millis(59_999))
            .expect_err("reserved");
        assert!(
            matches!(denied, Denied::Exhausted { resets_in, .. } if resets_in == Duration::from_millis(1)),
            "{denied:?}"
        );
        memory
            .reserve_at(&entries, NOW + Duration::from_secs(60))
            .expect("a new minute");
        memory.settle(&entries, &windows, &[1000]);
        let counter = memory.lock()["k"];
        assert_eq!(
            (counter.charged, counter.reserved),
            (0, 10),
            "the new minute has its own"
        );
    }

    #[test]
    fn subjects_beyond_the_bound_share_a_counter() {
        let memory = Memory::default();
        for number in 0..MAX_COUNTERS {
            memory
                .reserve_at(&[entry(&number.to_string(), 10, 1)], NOW)
                .expect("room");
        }
        memory
            .reserve_at(&[entry("x", 10, 10)], NOW)
            .expect("the first of the others");
        let denied = memory.reserve_at(&[entry("y", 10, 10)], NOW);
        assert!(denied.is_err(), "the others share one counter: {denied:?}");
        assert_eq!(memory.lock().len(), MAX_COUNTERS + 1, "bounded");
        memory
            .reserve_at(&[entry("y", 10, 10)], NOW + Duration::from_secs(60))
            .expect("a new minute has room again");
        assert_eq!(memory.lock().len(), 1, "counters of the old minute are gone");
    }
}
