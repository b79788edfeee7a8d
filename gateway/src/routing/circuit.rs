//! A circuit that opens after repeated failures, so that a provider that is down gets no requests for a
//! while.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// When a circuit opens, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CircuitSettings {
    /// The failures in a row that open it. 0: never.
    pub(crate) failures: u32,
    /// The time until one request tries again.
    pub(crate) open_for: Duration,
}

/// The state of a provider's circuit.
///
/// Closed, it counts the failures in a row. Open, it refuses requests until `open_for` has passed; then it
/// lets one request through, and refuses the others until that one has an outcome, or `open_for` has passed
/// again.
#[derive(Debug)]
pub(crate) struct Circuit {
    settings: CircuitSettings,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant },
}

impl Circuit {
    pub(crate) fn new(settings: CircuitSettings) -> Self {
        Self {
            settings,
            state: Mutex::new(State::Closed { failures: 0 }),
        }
    }

    /// Returns whether a request may be sent. If not, returns the time until one may.
    pub(crate) fn admit(&self, now: Instant) -> Result<(), Duration> {
        if self.settings.failures == 0 {
            return Ok(());
        }
        let mut state = self.lock();
        match *state {
            State::Closed { .. } => Ok(()),
            State::Open { until } if until > now => Err(until - now),
            State::Open { .. } => {
                *state = State::Open {
                    until: now + self.settings.open_for,
                };
                Ok(())
            }
        }
    }

    /// Records that the provider answered.
    pub(crate) fn succeeded(&self) {
        if self.settings.failures > 0 {
            *self.lock() = State::Closed { failures: 0 };
        }
    }

    /// Records that the provider failed.
    pub(crate) fn failed(&self, now: Instant) {
        if self.settings.failures == 0 {
            return;
        }
        let mut state = self.lock();
        let failures = match *state {
            State::Closed { failures } => failures + 1,
            State::Open { .. } => self.settings.failures,
        };
        *state = match failures >= self.settings.failures {
            true => State::Open {
                until: now + self.settings.open_for,
            },
            false => State::Closed { failures },
        };
    }

    /// Returns whether requests are refused.
    pub(crate) fn is_open(&self, now: Instant) -> bool {
        matches!(*self.lock(), State::Open { until } if until > now)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN_FOR: Duration = Duration::from_secs(10);

    fn circuit(failures: u32) -> Circuit {
        Circuit::new(CircuitSettings {
            failures,
            open_for: OPEN_FOR,
        })
    }

    #[test]
    fn opens_after_failures_in_a_row_and_lets_one_request_try() {
        let circuit = circuit(2);
        let start = Instant::now();
        circuit.failed(start);
        circuit.succeeded();
        circuit.failed(start);
        assert_eq!(circuit.admit(start), Ok(()), "a success starts the count anew");
        circuit.failed(start);
        assert_eq!(circuit.admit(start), Err(OPEN_FOR), "two in a row open it");
        assert!(circuit.is_open(start), "open");
        let later = start + OPEN_FOR;
        assert_eq!(circuit.admit(later), Ok(()), "one request tries");
        assert_eq!(circuit.admit(later), Err(OPEN_FOR), "the others do not");
        circuit.failed(later);
        assert_eq!(
            circuit.admit(later),
            Err(OPEN_FOR),
            "it failed, so the circuit stays open"
        );
        assert_eq!(circuit.admit(later + OPEN_FOR), Ok(()), "the next one tries");
        circuit.succeeded();
        assert_eq!(circuit.admit(later + OPEN_FOR), Ok(()), "closed");
        assert_eq!(circuit.admit(later + OPEN_FOR), Ok(()), "for all");
    }

    #[test]
    fn never_opens_without_a_limit() {
        let circuit = circuit(0);
        let now = Instant::now();
        (0..100).for_each(|_| circuit.failed(now));
        assert_eq!(circuit.admit(now), Ok(()), "always closed");
    }
}
