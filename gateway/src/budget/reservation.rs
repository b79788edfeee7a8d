//! What a request has reserved, until it is settled.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::StatusCode;
use throughline::agents::CallUsage;
use throughline::llm::UsageHook;

use super::entry::{Admission, Entry, Unit, nano};
use super::store::Store;

/// What a request has reserved. Clones share it. It is settled once: with the usage of the call, or when the
/// last clone is dropped.
#[derive(Clone)]
pub(crate) struct Reserved(Arc<Reservation>);

pub(super) struct Reservation {
    id: String,
    entries: Vec<Entry>,
    admission: Admission,
    store: Arc<Store>,
    /// Whether the provider has accepted the request.
    is_accepted: AtomicBool,
    is_settled: AtomicBool,
}

impl Reservation {
    pub(super) fn new(id: String, entries: Vec<Entry>, admission: Admission, store: Arc<Store>) -> Self {
        Self {
            id,
            entries,
            admission,
            store,
            is_accepted: AtomicBool::new(false),
            is_settled: AtomicBool::new(false),
        }
    }

    /// Settles the reservation with what is known of the usage.
    ///
    /// Usage that the provider did not report for an accepted request is charged as it was reserved. A request
    /// that the provider refused, or that did not reach it, costs nothing, but counts as a request.
    fn settle(&self, usage: &CallUsage) {
        if self.is_settled.swap(true, Ordering::AcqRel) {
            return;
        }
        let is_accepted = self.is_accepted.load(Ordering::Acquire);
        let estimate = |reserved: u64| if is_accepted { reserved } else { 0 };
        let used = |entry: &Entry| match entry.unit {
            Unit::Requests => 1,
            Unit::Tokens => {
                let count = |reported: Option<(u64, _)>, reserved| {
                    reported.map_or_else(|| estimate(reserved), |(count, _)| count)
                };
                count(usage.input, entry.input).saturating_add(count(usage.output, entry.output))
            }
            Unit::NanoCost => usage.cost.map_or_else(|| estimate(entry.reserved()), nano),
        };
        let used: Vec<u64> = self.entries.iter().map(used).collect();
        self.store
            .settle_reservation(&self.id, &self.entries, &self.admission, &used);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.settle(&CallUsage::default());
    }
}

impl Reserved {
    pub(super) fn new(reservation: Reservation) -> Self {
        Self(Arc::new(reservation))
    }

    /// Records the status of the provider's answer.
    pub(crate) fn answered(&self, status: StatusCode) {
        self.0.is_accepted.store(status.is_success(), Ordering::Release);
    }

    /// Returns a hook that settles the reservation with the usage of the call.
    pub(crate) fn usage_hook(&self) -> UsageHook {
        let reservation = self.0.clone();
        UsageHook::new(move |usage| reservation.settle(usage))
    }
}

impl fmt::Debug for Reserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reserved").field(&self.0.entries).finish()
    }
}
