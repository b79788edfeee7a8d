//! Counts the items of the console's queue, which is bounded in bytes. It does not use batches, because
//! traces are printed when they are complete.

use std::sync::atomic::Ordering;

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::SpanData;

use super::queue::QueueLimits;
use super::{DeliveryMonitor, locked};
use crate::size::span_bytes;

impl DeliveryMonitor {
    /// Reserves bytes in the queue for a span and returns them, or counts the span as dropped.
    pub(crate) fn admit(&self, span: &SpanData) -> Option<usize> {
        let bytes = span_bytes(span);
        let limits = QueueLimits {
            items: usize::MAX,
            bytes: self.max_queue_bytes,
        };
        self.health.enter(limits, bytes).then_some(bytes)
    }

    /// Releases the bytes of a span that is taken from the queue, and truncates its long values. The span
    /// remains counted until it is [finished](Self::finish).
    pub(crate) fn take(&self, span: &mut SpanData, bytes: usize) {
        self.health.release_bytes(bytes);
        self.truncate(span);
    }

    /// Counts spans as delivered or as lost.
    pub(crate) fn finish(&self, spans: usize, result: &OTelSdkResult) {
        self.health.release_slots(spans);
        self.health.record(spans, result);
    }

    /// The number of spans that are not finished.
    pub(crate) fn waiting(&self) -> usize {
        self.health.counts().queued
    }

    /// Records the cause of a failed shutdown, because the SDK would reword it.
    pub(crate) fn fail(&self, why: &str) {
        *locked(&self.health.failure) = Some(why.to_owned());
        // Incremented last, so that readers of the count see the cause.
        self.health.failures.fetch_add(1, Ordering::Release);
    }

    /// Describes the spans that were lost since the start.
    pub(crate) fn losses(&self) -> Option<String> {
        let counts = self.health.counts();
        let why = self.health.failure().unwrap_or_default();
        let losses = [
            (
                counts.dropped_for_bytes,
                "dropped: they were recorded faster than they were printed".to_owned(),
            ),
            (counts.lost, format!("lost: {why}")),
        ];
        let losses = losses.into_iter().filter(|(count, _)| *count > 0);
        let losses: Vec<String> = losses
            .map(|(count, how)| format!("{count} spans were {how}"))
            .collect();
        (!losses.is_empty()).then(|| losses.join("; "))
    }
}
