//! Computes the outcome of a batch from the exporter's result and report.

use std::sync::{Arc, Mutex};

use opentelemetry_sdk::error::OTelSdkResult;

use super::{Health, error_text, locked};

/// The report of an exporter about a batch, in addition to its result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BatchReport {
    /// The items that were not delivered because of a failure.
    pub(crate) lost: u64,
    /// The items that were not delivered without a failure, because they were rejected or too large. They are
    /// already counted.
    pub(crate) excluded: u64,
    /// The cause of the last failure.
    pub(crate) failure: Option<String>,
    /// Whether sending was stopped because the destination does not support the signal.
    pub(crate) is_switched_off: bool,
}

/// Receives the report of the current batch. Batches are exported one at a time.
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

/// The numbers of spans, log records or collections of metrics that were delivered and lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BatchOutcome {
    pub(super) delivered: u64,
    pub(super) lost: u64,
    pub(super) failure: Option<String>,
    pub(super) is_switched_off: bool,
}

impl BatchOutcome {
    /// Returns the outcome of `count` spans or log records.
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

    /// Returns the outcome of one collection of metrics. It is lost if any part of it is lost.
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
