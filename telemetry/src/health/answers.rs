//! Responses of a collector beyond success and failure: rejected items, advice, and a signal that it does not
//! support.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{Health, locked};

/// The responses so far.
#[derive(Debug, Default)]
pub(super) struct CollectorAnswers {
    switched_off: Option<SwitchedOff>,
    is_advice_reported: bool,
    is_switching_off_reported: bool,
}

/// A destination that does not support the signal.
#[derive(Debug)]
struct SwitchedOff {
    since: Instant,
    why: String,
}

impl Health {
    /// Counts the items that the destination rejected from a request that it accepted otherwise.
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
                "{destination} rejected {count} {items} since the last report: {why}"
            ));
        }
    }

    /// Reports the message of a destination that accepted everything, once.
    pub(crate) fn advised(&self, message: &str) {
        if !std::mem::replace(&mut locked(&self.answers).is_advice_reported, true) {
            self.warn(format_args!(
                "{} takes {} and says: {message} (reported once)",
                self.destination, self.signal
            ));
        }
    }

    /// Counts items that were dropped because each alone exceeds the limit of a request.
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

    /// Whether nothing is sent because the destination does not support the signal. After
    /// [`SWITCHED_OFF_FOR`] it is tried again.
    pub(crate) fn is_switched_off(&self) -> bool {
        let answers = locked(&self.answers);
        answers
            .switched_off
            .as_ref()
            .is_some_and(|off| off.since.elapsed() < SWITCHED_OFF_FOR)
    }

    /// Why nothing is sent, if the signal is switched off.
    pub(crate) fn why_switched_off(&self) -> Option<String> {
        let answers = locked(&self.answers);
        answers.switched_off.as_ref().map(|off| off.why.clone())
    }

    /// Switches the signal off for a while, because the destination does not support it. Reported once.
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

    /// Records that the destination supports the signal.
    pub(crate) fn is_implemented(&self) {
        locked(&self.answers).switched_off = None;
    }
}

/// How long a signal is switched off before it is tried again: a collector may get a new pipeline meanwhile.
const SWITCHED_OFF_FOR: Duration = Duration::from_secs(300);
