//! The counts of a queue that an exporter has itself, bounded in bytes: the console's, which prints a trace when it is
//! complete and not when a batch is.

use std::sync::atomic::Ordering;

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::SpanData;

use super::queue::QueueLimits;
use super::{DeliveryMonitor, locked};
use crate::size::span_bytes;

impl DeliveryMonitor {
    /// Takes room in the queue for a span, and returns its bytes; or counts it as dropped.
    pub(crate) fn admit(&self, span: &SpanData) -> Option<usize> {
        let bytes = span_bytes(span);
        let limits = QueueLimits {
            items: usize::MAX,
            bytes: self.max_queue_bytes,
        };
        self.health.enter(limits, bytes).then_some(bytes)
    }

    /// Gives the room of a span back that is taken from the queue, and cuts its long texts. It still waits, until it is
    /// [settled](Self::settle).
    pub(crate) fn take(&self, span: &mut SpanData, bytes: usize) {
        self.health.free(bytes);
        self.cut(span);
    }

    /// Counts spans as delivered or as lost.
    pub(crate) fn settle(&self, spans: usize, result: &OTelSdkResult) {
        self.health.leave(spans);
        self.health.record(spans, result);
    }

    /// The spans that wait to be settled.
    pub(crate) fn waiting(&self) -> usize {
        self.health.counts().queued
    }

    /// Says why the end that is under way fails: the SDK would wrap it in error_text of its own.
    pub(crate) fn fail(&self, why: &str) {
        *locked(&self.health.failure) = Some(why.to_owned());
        // Last, so that whoever sees that there was one finds why.
        self.health.failures.fetch_add(1, Ordering::Release);
    }

    /// What was lost since the start, in error_text.
    pub(crate) fn losses(&self) -> Option<String> {
        let counts = self.health.counts();
        let why = self.health.failure().unwrap_or_default();
        let losses = [
            (
                counts.dropped_for_bytes,
                "dropped: they were recorded faster than they were taken".to_owned(),
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
