//! Counts the open spans of each trace.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use opentelemetry::trace::TraceId;

/// The open spans of this process's sampled traces. A trace that calls its own process has several local
/// roots, and this count determines which of them ends last.
#[derive(Debug, Default)]
pub(super) struct OpenSpans(Mutex<HashMap<TraceId, usize>>);

impl OpenSpans {
    pub(super) fn start(&self, trace: TraceId) {
        let mut open = self.lock();
        if open.len() < MAX_COUNTED_TRACES || open.contains_key(&trace) {
            *open.entry(trace).or_default() += 1;
        }
    }

    /// Counts a span as ended, and returns how many remain; `None` if the trace was not counted.
    pub(super) fn end(&self, trace: TraceId) -> Option<usize> {
        let mut open = self.lock();
        let count = open.get_mut(&trace)?;
        *count = count.saturating_sub(1);
        let remaining = *count;
        if remaining == 0 {
            open.remove(&trace);
        }
        Some(remaining)
    }

    /// Stops counting a trace, and returns how many of its spans were open.
    pub(super) fn forget(&self, trace: TraceId) -> Option<usize> {
        self.lock().remove(&trace)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TraceId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The maximum number of traces whose open spans are counted. Beyond it, a trace is printed when a local root
/// of it ends.
const MAX_COUNTED_TRACES: usize = 4_096;
