//! Responses of a collector other than success and failure: rejected items, messages, and unsupported
//! signals.

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
    /// Counts the items that the destination rejected from an otherwise accepted request.
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

    /// Reports the message of a destination that accepted all items, once.
    pub(crate) fn accepted_with_message(&self, message: &str) {
        if !std::mem::replace(&mut locked(&self.answers).is_advice_reported, true) {
            self.warn(format_args!(
                "{} accepts {} with the message: {message} (reported once)",
                self.destination, self.signal
            ));
        }
    }

    /// Counts items that were dropped because each one exceeds the limit of a request.
    pub(crate) fn too_large(&self, sizes: &[usize], limit: usize) {
        let Some(largest) = sizes.iter().max() else { return };
        self.counters
            .too_large
            .fetch_add(sizes.len() as u64, Ordering::Relaxed);
        let due = self.messages().too_large.add(Instant::now(), sizes.len() as u64);
        if let Some(count) = due {
            self.warn(format_args!(
                "{count} {} were dropped because each one exceeds the size limit of a request, {limit} bytes \
                 (max_request_bytes); the largest request had {largest} bytes",
                self.signal.items()
            ));
        }
    }

    /// Whether the signal is switched off because the destination does not support it. It is tried again
    /// after [`SWITCHED_OFF_FOR`].
    pub(crate) fn is_switched_off(&self) -> bool {
        let answers = locked(&self.answers);
        answers
            .switched_off
            .as_ref()
            .is_some_and(|off| off.since.elapsed() < SWITCHED_OFF_FOR)
    }

    /// Returns why the signal is switched off, if it is.
    pub(crate) fn why_switched_off(&self) -> Option<String> {
        let answers = locked(&self.answers);
        answers.switched_off.as_ref().map(|off| off.why.clone())
    }

    /// Switches the signal off for [`SWITCHED_OFF_FOR`], because the destination does not support it.
    /// Reported once.
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
            "{signal} are switched off: {destination} answers {why}. If it does not support {signal}, set \
             OTEL_{}_EXPORTER=none; otherwise check the endpoint",
            signal.name().to_ascii_uppercase()
        ));
    }

    /// Records that the destination supports the signal.
    pub(crate) fn is_implemented(&self) {
        locked(&self.answers).switched_off = None;
    }
}

/// The time before a switched-off signal is tried again. The collector may get a new pipeline in the
/// meantime.
const SWITCHED_OFF_FOR: Duration = Duration::from_secs(300);
