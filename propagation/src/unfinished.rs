//! What is recorded later than it ends, for whoever delivers it.
//!
//! A layer that counts, or ends spans, on a thread of its own [registers] here how to wait for that; before providers are
//! flushed or shut down, [`settle`] waits. `throughline-telemetry` does. It stands in this crate because it is the one that
//! both sides know.
//!
//! ```
//! use std::time::Duration;
//! use throughline_propagation::unfinished;
//!
//! // A layer, when it starts its thread:
//! unfinished::register(|_within| true);
//! // A program that has its providers from elsewhere, before it shuts them down:
//! assert!(unfinished::settle(Duration::from_secs(1)));
//! ```
//!
//! [registers]: register

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::otel_warn;

/// Waits at most so long; whether nothing is left to be recorded.
pub type Wait = fn(Duration) -> bool;

/// Adds a way to wait. It stays as long as the process: register once.
pub fn register(wait: Wait) {
    WAITS.lock().unwrap_or_else(PoisonError::into_inner).push(wait);
}

/// Waits, at most so long, until everything that has ended is recorded; whether it is. It blocks the thread.
///
/// What is not, OpenTelemetry's internal log is told.
pub fn settle(within: Duration) -> bool {
    let waits = WAITS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let began = Instant::now();
    let settled = |wait: &Wait| wait(within.saturating_sub(began.elapsed()));
    let is_done = waits.iter().filter(|wait| !settled(wait)).count() == 0;
    if !is_done {
        otel_warn!(
            name: "throughline.unfinished",
            message = "Spans that have ended are not recorded yet, such as those of model calls whose tokens are being \
                       counted: what is delivered now is without them."
        );
    }
    is_done
}

static WAITS: Mutex<Vec<Wait>> = Mutex::new(Vec::new());

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
        settle(Duration::ZERO);
        assert_eq!(GIVEN.load(Ordering::Relaxed), 0, "nothing is left");
    }
}
