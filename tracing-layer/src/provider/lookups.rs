//! How often a missing provider is looked up again.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

/// Counts how often the global provider was looked up without success.
///
/// A lookup takes a lock and an allocation, which a program with telemetry off would pay for every span.
/// Therefore it is only done every time while the program may still be starting.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    failures: AtomicU32,
    last: AtomicU64,
}

impl Lookups {
    pub(super) fn is_due(&self) -> bool {
        if self.failures.load(Ordering::Relaxed) < EAGER_LOOKUPS {
            return true;
        }
        let now = millis();
        self.last.load(Ordering::Relaxed) != now && self.last.swap(now, Ordering::Relaxed) != now
    }

    pub(super) fn failed(&self) {
        if self.failures.load(Ordering::Relaxed) < EAGER_LOOKUPS {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn succeeded(&self) {
        self.failures.store(0, Ordering::Relaxed);
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failures.load(Ordering::Relaxed) > 0
    }
}

/// Milliseconds since the first lookup, plus one, so that it is never the initial zero.
fn millis() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let elapsed = START.get_or_init(Instant::now).elapsed().as_millis();
    u64::try_from(elapsed).map_or(u64::MAX, |elapsed| elapsed.saturating_add(1))
}

/// The number of spans for which the provider is looked up every time.
const EAGER_LOOKUPS: u32 = 1_000;
