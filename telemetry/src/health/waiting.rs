//! The counts of a queue that an exporter has itself, bounded in bytes: the console's, which prints a trace when it is
//! complete and not when a batch is.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::SpanData;

use super::size::span_bytes;
use super::{Health, Watch, say};
use crate::limit::cut;

impl Watch {
    /// Takes room in the queue for a span, and returns its bytes; or counts it as dropped.
    pub(crate) fn admit(&self, span: &SpanData) -> Option<usize> {
        let bytes = span_bytes(span);
        self.health.admit(bytes).then_some(bytes)
    }

    /// Gives the room of a span back that is taken from the queue, and cuts its long texts. It still waits, until it is
    /// [settled](Self::settle).
    pub(crate) fn take(&self, span: &mut SpanData, bytes: usize) {
        self.health.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
        if let Some(longest) = self.longest {
            cut(span, longest);
        }
    }

    /// Counts spans as delivered or as lost.
    pub(crate) fn settle(&self, spans: usize, result: &OTelSdkResult) {
        self.health.leave(spans);
        self.health.record(spans, result);
    }

    /// The spans that wait to be settled.
    pub(crate) fn waiting(&self) -> usize {
        self.health.queue().0
    }

    /// Says why the end that is under way fails: the SDK would wrap it in words of its own.
    pub(crate) fn fail(&self, why: &str) {
        let mut failure = self.health.failure.lock().unwrap_or_else(PoisonError::into_inner);
        *failure = Some(why.to_owned());
    }

    /// What was lost since the start, in words.
    pub(crate) fn losses(&self) -> Option<String> {
        let (dropped, lost) = (self.health.queue().1, self.health.counts().1);
        let why = self.health.failure().unwrap_or_default();
        let losses = [
            (
                dropped,
                "dropped: they were recorded faster than they were taken".to_owned(),
            ),
            (lost, format!("lost: {why}")),
        ];
        let losses = losses.into_iter().filter(|(count, _)| *count > 0);
        let losses: Vec<String> = losses
            .map(|(count, how)| format!("{count} spans were {how}"))
            .collect();
        (!losses.is_empty()).then(|| losses.join("; "))
    }
}

impl Health {
    fn admit(&self, bytes: usize) -> bool {
        let before = self.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
        if before == 0 || before.saturating_add(bytes) <= MAX_QUEUE_BYTES {
            self.queued.fetch_add(1, Ordering::Relaxed);
            return true;
        }
        self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.dropped.fetch_add(1, Ordering::Relaxed);
        if !self.is_drop_said.swap(true, Ordering::Relaxed) {
            say(&format!(
                "{} are recorded faster than {} takes them: what finds no room in the queue of {} MiB is dropped (said once)",
                self.signal,
                self.destination,
                MAX_QUEUE_BYTES >> 20
            ));
        }
        false
    }
}

/// The bytes of the spans that may wait.
const MAX_QUEUE_BYTES: usize = 64 << 20;
