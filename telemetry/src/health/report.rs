//! The outcome of a batch, from the exporter's result and from what it reported.

use std::sync::{Arc, Mutex};

use opentelemetry_sdk::error::OTelSdkResult;

use super::{Health, error_text, locked};

/// What an exporter reports of a batch beyond its result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BatchReport {
    /// The items that were not delivered because of a failure.
    pub(crate) lost: u64,
    /// The items that are not delivered though nothing failed: rejected, or too large. They are counted
    /// already.
    pub(crate) excluded: u64,
    /// Why the last part that failed did.
    pub(crate) failure: Option<String>,
    /// Nothing more was sent, because the destination does not support the signal.
    pub(crate) is_switched_off: bool,
}

/// Takes the report of the batch that is being exported. Batches are exported one at a time.
#[derive(Debug, Clone)]
pub(crate) struct BatchReporter {
    health: Arc<Health>,
    report: Arc<Mutex<Option<BatchReport>>>,
}

impl BatchReporter {
    pub(super) fn new(health: Arc<Health>) -> Self {
        Self {
            health,
            report: Arc::default(),
        }
    }

    pub(crate) fn health(&self) -> &Health {
        &self.health
    }

    pub(crate) fn report(&self, report: BatchReport) {
        *locked(&self.report) = Some(report);
    }

    pub(super) fn take(&self) -> Option<BatchReport> {
        locked(&self.report).take()
    }
}

/// How many spans, log records or collections of metrics were delivered, and how many were lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BatchOutcome {
    pub(super) delivered: u64,
    pub(super) lost: u64,
    pub(super) failure: Option<String>,
    pub(super) is_switched_off: bool,
}

impl BatchOutcome {
    /// The outcome of `count` spans or log records.
    pub(super) fn items(count: u64, result: &OTelSdkResult, report: Option<BatchReport>) -> Self {
        let Some(report) = report else {
            let failure = result.as_ref().err().map(error_text);
            let lost = if failure.is_some() { count } else { 0 };
            return Self {
                delivered: count - lost,
                lost,
                failure,
                is_switched_off: false,
            };
        };
        let taken = count.saturating_sub(report.excluded);
        let lost = if report.is_switched_off {
            taken
        } else {
            report.lost.min(taken)
        };
        Self {
            delivered: taken - lost,
            lost,
            failure: report.failure,
            is_switched_off: report.is_switched_off,
        }
    }

    /// The outcome of one collection of metrics, which is lost if a part of it is.
    pub(super) fn collection(result: &OTelSdkResult, report: Option<BatchReport>) -> Self {
        let Some(report) = report else {
            return Self::items(1, result, None);
        };
        let lost = u64::from(report.failure.is_some() || report.is_switched_off);
        Self {
            delivered: 1 - lost,
            lost,
            failure: report.failure,
            is_switched_off: report.is_switched_off,
        }
    }
}
