//! What is recorded later than it ends, for whoever delivers it.
//!
//! A layer that counts, or ends spans, on a thread of its own [registers](register) here how to wait for that, and perhaps
//! [how to end it early](register_hurry). Before providers are flushed, [`settle`] waits; before they are shut down,
//! [`finish`] does. `throughline-telemetry` calls both. They stand in this crate because it is the one that both sides know.
//!
//! ```
//! use std::time::Duration;
//! use throughline_propagation::unfinished;
//!
//! // A layer, when it starts its thread:
//! unfinished::register(|_within| true);
//! // A program that has its providers from elsewhere, before it shuts them down:
//! assert!(unfinished::finish(Duration::from_secs(1)));
//! ```

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::otel_warn;

/// Waits at most so long, and returns whether nothing is left to be recorded.
pub type Wait = fn(Duration) -> bool;

/// Adds a way to wait. It stays as long as the process: register once.
pub fn register(wait: Wait) {
    add(wait, None);
}

/// Adds a way to wait, and one to record at once what waiting was not long enough for, with less than full accuracy. What
/// that cannot record at once it may wait for as long as it is told.
pub fn register_hurry(wait: Wait, hurry: Wait) {
    add(wait, Some(hurry));
}

/// Waits, at most so long, until everything that has ended is recorded, and returns whether it is. It blocks the thread.
///
/// What is not is reported to OpenTelemetry's internal log.
#[must_use]
pub fn settle(within: Duration) -> bool {
    each(within, |Unfinished { wait, .. }, remaining| wait(remaining))
}

/// As [`settle`]; what is not recorded in time is then recorded as it is, for which up to half as much time may pass again.
/// Returns whether everything is recorded.
#[must_use]
pub fn finish(within: Duration) -> bool {
    each(within, |Unfinished { wait, hurry }, remaining| {
        wait(remaining) || hurry.is_some_and(|hurry| hurry(within / 2))
    })
}

#[derive(Debug, Clone, Copy)]
struct Unfinished {
    wait: Wait,
    hurry: Option<Wait>,
}

fn add(wait: Wait, hurry: Option<Wait>) {
    let mut registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    registered.push(Unfinished { wait, hurry });
}

fn each(within: Duration, is_recorded: impl Fn(Unfinished, Duration) -> bool) -> bool {
    let registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let began = Instant::now();
    let mut is_done = true;
    for unfinished in registered {
        is_done &= is_recorded(unfinished, within.saturating_sub(began.elapsed()));
    }
    if !is_done {
        otel_warn!(
            name: "throughline.unfinished",
            message = "Spans that have ended are not recorded yet, such as those of model calls whose tokens are being \
                       counted: what is delivered now is without them."
        );
    }
    is_done
}

static REGISTERED: Mutex<Vec<Unfinished>> = Mutex::new(Vec::new());

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn all_are_waited_for_within_one_time() {
        static GIVEN: AtomicU64 = AtomicU64::new(0);
        register(|_| false);
        register(|within| {
            GIVEN.store(within.as_secs(), Ordering::Relaxed);
            true
        });
        let began = Instant::now();
        assert!(!settle(Duration::from_secs(3_600)), "one is not done");
        let given = GIVEN.load(Ordering::Relaxed);
        let least = 3_599_u64.saturating_sub(began.elapsed().as_secs());
        assert!(
            (least..=3_600).contains(&given),
            "the next gets what is left of an hour: {given} s"
        );
        let _ = settle(Duration::ZERO);
        assert_eq!(GIVEN.load(Ordering::Relaxed), 0, "nothing is left");
    }

    #[test]
    fn what_is_late_is_hurried_at_the_end_only() {
        static HURRIED: AtomicU64 = AtomicU64::new(0);
        register_hurry(
            |_| false,
            |within| {
                HURRIED.fetch_add(within.as_millis() as u64, Ordering::Relaxed);
                true
            },
        );
        let _ = settle(Duration::from_millis(10));
        assert_eq!(HURRIED.load(Ordering::Relaxed), 0, "a flush takes no estimates");
        let _ = finish(Duration::from_millis(10));
        assert_eq!(HURRIED.load(Ordering::Relaxed), 5, "half as much time again");
    }
}
