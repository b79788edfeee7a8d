//! How often a provider that was not there is looked for again.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

/// Counts how often the global provider was asked in vain.
///
/// Asking takes a lock and an allocation, which a program that runs with telemetry off would pay for every span. So it
/// is always done only as long as a program may still be starting.
#[derive(Debug, Default)]
pub(super) struct Asking {
    in_vain: AtomicU32,
    last: AtomicU64,
}

impl Asking {
    pub(super) fn is_due(&self) -> bool {
        if self.in_vain.load(Ordering::Relaxed) < ALWAYS {
            return true;
        }
        let now = millis();
        self.last.load(Ordering::Relaxed) != now && self.last.swap(now, Ordering::Relaxed) != now
    }

    pub(super) fn in_vain(&self) {
        if self.in_vain.load(Ordering::Relaxed) < ALWAYS {
            self.in_vain.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn found(&self) {
        self.in_vain.store(0, Ordering::Relaxed);
    }

    pub(super) fn was_in_vain(&self) -> bool {
        self.in_vain.load(Ordering::Relaxed) > 0
    }
}

/// Milliseconds since the first look, plus one, so that none is the initial zero.
fn millis() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let elapsed = START.get_or_init(Instant::now).elapsed().as_millis();
    u64::try_from(elapsed).map_or(u64::MAX, |elapsed| elapsed.saturating_add(1))
}

/// So many spans may be asked for before the provider is set without one being lost after it.
const ALWAYS: u32 = 1_000;
