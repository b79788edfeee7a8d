//! What a collector answers beyond yes and no: what it rejects, what it advises, and that it has no such signal.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{Health, locked};

/// What was answered so far.
#[derive(Debug, Default)]
pub(super) struct CollectorAnswers {
    switched_off: Option<SwitchedOff>,
    is_advice_reported: bool,
    is_switching_off_reported: bool,
}

/// A destination that has no such signal.
#[derive(Debug)]
struct SwitchedOff {
    since: Instant,
    why: String,
}

impl Health {
    /// Counts what the destination rejected of a request that it took otherwise.
    pub(crate) fn rejected(&self, rejected: u64, sent: u64, message: &str) {
        self.counters.rejected.fetch_add(rejected, Ordering::Relaxed);
        let due = self.messages().rejected.add(Instant::now(), rejected);
        let Some(count) = due else { return };
        let (items, destination) = (self.signal.items(), &self.destination);
        let why = if message.is_empty() {
            "without a reason"
        } else {
            message
        };
        if count == rejected {
            self.warn(format_args!(
                "{destination} rejected {count} of {sent} {items}: {why}"
            ));
        } else {
            self.warn(format_args!(
                "{destination} rejected {count} {items} since this was last said: {why}"
            ));
        }
    }

    /// Says what a destination that took everything has to say, once.
    pub(crate) fn advised(&self, message: &str) {
        if !std::mem::replace(&mut locked(&self.answers).is_advice_reported, true) {
            self.warn(format_args!(
                "{} takes {} and says: {message} (said once)",
                self.destination, self.signal
            ));
        }
    }

    /// Counts what was dropped because it alone is longer than a request may be.
    pub(crate) fn too_large(&self, sizes: &[usize], limit: usize) {
        let Some(largest) = sizes.iter().max() else { return };
        self.counters
            .too_large
            .fetch_add(sizes.len() as u64, Ordering::Relaxed);
        let due = self.messages().too_large.add(Instant::now(), sizes.len() as u64);
        if let Some(count) = due {
            self.warn(format_args!(
                "{count} {} were dropped: a request may have {limit} bytes (max_request_bytes), and the largest makes one \
                 of {largest}",
                self.signal.items()
            ));
        }
    }

    /// Whether nothing is sent because the destination has no such signal. After a while it is tried again.
    pub(crate) fn is_switched_off(&self) -> bool {
        let answers = locked(&self.answers);
        answers
            .switched_off
            .as_ref()
            .is_some_and(|off| off.since.elapsed() < SWITCHED_OFF_FOR)
    }

    /// Why nothing is sent.
    pub(crate) fn why_switched_off(&self) -> Option<String> {
        let answers = locked(&self.answers);
        answers.switched_off.as_ref().map(|off| off.why.clone())
    }

    /// The destination has no such signal: nothing more is sent for a while, which is said once.
    pub(crate) fn is_not_implemented(&self, why: &str) {
        let mut answers = locked(&self.answers);
        answers.switched_off = Some(SwitchedOff {
            since: Instant::now(),
            why: why.to_owned(),
        });
        let was_reported = std::mem::replace(&mut answers.is_switching_off_reported, true);
        drop(answers);
        if was_reported {
            return;
        }
        let (signal, destination) = (self.signal, &self.destination);
        self.warn(format_args!(
            "{signal} are switched off: {destination} answers {why}. If it takes no {signal}, set OTEL_{}_EXPORTER=none; \
             else see the endpoint",
            signal.name().to_ascii_uppercase()
        ));
    }

    /// The destination has such a signal.
    pub(crate) fn is_implemented(&self) {
        locked(&self.answers).switched_off = None;
    }
}

/// How long a signal stays switched off until it is tried again: a collector may be given a new pipeline.
const SWITCHED_OFF_FOR: Duration = Duration::from_secs(300);
