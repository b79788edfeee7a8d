//! How often a missing provider is looked up again.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use super::waiting;

/// Reports whether the program has just set up telemetry: with global providers that are `installed`, or
/// without any.
///
/// Layers and spans look for a provider by themselves. If it is reported, they find it at once, even in a
/// program that has run without one, and [prepared](super::LazyInstruments::prepare) instruments are created.
/// If there is none on purpose, they look for it once per millisecond from the start, and layers do not warn.
/// `throughline-telemetry` reports both.
pub fn report_installed(installed: bool) {
    IS_SHUT_DOWN.store(false, Ordering::Relaxed);
    OFF_ON_PURPOSE.store(!installed, Ordering::Relaxed);
    REPORTS.fetch_add(1, Ordering::Release);
    if installed {
        waiting::create_all();
    }
}

/// Reports that the global providers, which were reported before, are shut down. Until others are reported,
/// [`is_telemetry_enabled`](crate::span::is_telemetry_enabled) returns `false`. `throughline-telemetry`
/// reports it.
pub fn report_shut_down() {
    IS_SHUT_DOWN.store(true, Ordering::Relaxed);
}

/// Returns whether the global providers were reported as shut down.
pub(crate) fn is_shut_down() -> bool {
    IS_SHUT_DOWN.load(Ordering::Relaxed)
}

/// Returns whether the program has reported that there is no provider.
pub(super) fn is_off_on_purpose() -> bool {
    OFF_ON_PURPOSE.load(Ordering::Relaxed)
}

/// Counts how often the global provider was looked up without success.
///
/// A lookup takes a lock and an allocation, which a program with telemetry off would pay for every span.
/// Therefore it is only done every time while the program may still be starting.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    failures: AtomicU32,
    /// The time of the last failure.
    last: AtomicU64,
    /// The number of reports before the last failure.
    reports: AtomicU32,
}

/// A lookup that is being done.
#[derive(Debug)]
pub(super) struct Lookup {
    reports: u32,
}

impl Lookup {
    /// Begins a lookup. The provider must be read after this, so that none is missed that is reported later.
    pub(super) fn begin() -> Self {
        Self {
            reports: REPORTS.load(Ordering::Acquire),
        }
    }
}

/// Whether a provider received the last span or measurement.
#[derive(Debug, Clone, Copy)]
pub(super) enum Receiver<'a> {
    /// A provider that may record, or one that is not looked up yet.
    Present,
    /// The global provider was missing when it was last looked up.
    Missing(&'a Lookups),
    /// The provider of the layer is a no-op for good.
    None,
}

impl Lookups {
    /// Begins a lookup, if it is time to.
    pub(super) fn begin_due(&self) -> Option<Lookup> {
        let is_due = self.is_eager() || self.is_due_at(millis());
        is_due.then(Lookup::begin)
    }

    /// Returns whether the provider is looked up at every use.
    pub(super) fn is_eager(&self) -> bool {
        let eager = if is_off_on_purpose() { 1 } else { EAGER_LOOKUPS };
        self.failures.load(Ordering::Relaxed) < eager
            || self.reports.load(Ordering::Relaxed) != REPORTS.load(Ordering::Relaxed)
    }

    /// Returns whether a lookup is due at this time, in [milliseconds](millis).
    pub(super) fn is_due_at(&self, now: u64) -> bool {
        self.last.load(Ordering::Relaxed) != now
    }

    pub(super) fn failed(&self, lookup: Lookup) {
        if self.failures.load(Ordering::Relaxed) < EAGER_LOOKUPS {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        self.last.store(millis(), Ordering::Relaxed);
        self.reports.store(lookup.reports, Ordering::Relaxed);
    }

    pub(super) fn succeeded(&self) {
        self.failures.store(0, Ordering::Relaxed);
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failures.load(Ordering::Relaxed) > 0
    }
}

/// Milliseconds since the first lookup, plus one, so that it is never the initial zero.
pub(super) fn millis() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let elapsed = START.get_or_init(Instant::now).elapsed().as_millis();
    u64::try_from(elapsed).map_or(u64::MAX, |elapsed| elapsed.saturating_add(1))
}

static IS_SHUT_DOWN: AtomicBool = AtomicBool::new(false);
static OFF_ON_PURPOSE: AtomicBool = AtomicBool::new(false);
static REPORTS: AtomicU32 = AtomicU32::new(0);

/// The number of spans for which the provider is looked up every time.
const EAGER_LOOKUPS: u32 = 1_000;
