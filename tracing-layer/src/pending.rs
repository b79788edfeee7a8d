//! Spans that are recorded after they have ended.
//!
//! A layer that ends spans or counts on its own thread [registers](register) a function that waits for that
//! work, and optionally [a fallback](register_with_fallback) that records the rest at once. Call
//! [`wait_idle`] before you flush the providers and [`finish`] before you shut them down.
//! `throughline-telemetry` does both.
//!
//! ```
//! use std::time::Duration;
//! use throughline_tracing_layer::pending;
//!
//! // A layer, when it starts its thread:
//! pending::register(|_within| true);
//! // A program that sets up its own providers, before it shuts them down:
//! assert!(pending::finish(Duration::from_secs(1)));
//! ```

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::otel_warn;

/// A function that blocks for at most the given time. Returns whether all of its work is recorded.
pub type Wait = fn(Duration) -> bool;

/// Registers a function that waits for pending work. It remains registered until the process ends, so
/// register it once.
pub fn register(wait: Wait) {
    add(wait, None);
}

/// Registers a function that waits for pending work, and a fallback for [`finish`]. If the work is not
/// recorded in time, the fallback records it at once with less accuracy.
pub fn register_with_fallback(wait: Wait, fallback: Wait) {
    add(wait, Some(fallback));
}

/// Waits up to `within` for all finished spans to be recorded. Returns whether they were. Blocks the thread.
///
/// If spans are still pending, a warning goes to OpenTelemetry's internal log.
#[must_use]
pub fn wait_idle(within: Duration) -> bool {
    for_each(within, |Pending { wait, .. }, remaining| wait(remaining))
}

/// Like [`wait_idle`], but then runs the fallbacks for pending work, each for up to half of `within`. Returns
/// whether all spans are recorded.
#[must_use]
pub fn finish(within: Duration) -> bool {
    for_each(within, |Pending { wait, fallback }, remaining| {
        wait(remaining) || fallback.is_some_and(|fallback| fallback(within / 2))
    })
}

#[derive(Debug, Clone, Copy)]
struct Pending {
    wait: Wait,
    fallback: Option<Wait>,
}

fn add(wait: Wait, fallback: Option<Wait>) {
    let mut registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    registered.push(Pending { wait, fallback });
}

fn for_each(within: Duration, is_recorded: impl Fn(Pending, Duration) -> bool) -> bool {
    // A copy: a function may wait for a long time, and another registration must not wait for it.
    let registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let start = Instant::now();
    let mut is_done = true;
    for pending in registered {
        is_done &= is_recorded(pending, within.saturating_sub(start.elapsed()));
    }
    if !is_done {
        otel_warn!(
            name: "throughline.unfinished",
            message = "Some finished spans are not recorded yet, such as those of model calls whose tokens are being \
                       counted. They are missing from this flush."
        );
    }
    is_done
}

static REGISTERED: Mutex<Vec<Pending>> = Mutex::new(Vec::new());

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn all_functions_share_one_time_limit() {
        static RECEIVED: AtomicU64 = AtomicU64::new(0);
        register(|_| false);
        register(|within| {
            RECEIVED.store(within.as_secs(), Ordering::Relaxed);
            true
        });
        let start = Instant::now();
        assert!(!wait_idle(Duration::from_secs(3_600)), "one function is not done");
        let received = RECEIVED.load(Ordering::Relaxed);
        let least = 3_599_u64.saturating_sub(start.elapsed().as_secs());
        assert!(
            (least..=3_600).contains(&received),
            "the next function gets the rest of the hour: {received} s"
        );
        let _ = wait_idle(Duration::ZERO);
        assert_eq!(RECEIVED.load(Ordering::Relaxed), 0, "no time remains");
    }

    #[test]
    fn fallbacks_run_only_at_the_end() {
        static FALLBACK_MILLIS: AtomicU64 = AtomicU64::new(0);
        register_with_fallback(
            |_| false,
            |within| {
                FALLBACK_MILLIS.fetch_add(within.as_millis() as u64, Ordering::Relaxed);
                true
            },
        );
        let _ = wait_idle(Duration::from_millis(10));
        assert_eq!(
            FALLBACK_MILLIS.load(Ordering::Relaxed),
            0,
            "a flush runs no fallback"
        );
        let _ = finish(Duration::from_millis(10));
        assert_eq!(
            FALLBACK_MILLIS.load(Ordering::Relaxed),
            5,
            "the fallback gets half of the time"
        );
    }
}
