//! The counts of a run of a graph.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TraceId;

use super::ledger::Tokens;
use crate::semconv::{count, tinyllm};

/// A run of a graph, shared by all nodes beneath it.
#[derive(Debug, Default)]
pub(crate) struct GraphRun {
    steps: AtomicI64,
}

impl GraphRun {
    /// Returns the number of the next node.
    pub(crate) fn step(&self) -> i64 {
        self.steps.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The attributes of the span of the run at its end.
    pub(crate) fn totals(&self, trace: TraceId, tokens: &Tokens, duration: Duration) -> Vec<KeyValue> {
        let mut totals = vec![
            KeyValue::new(tinyllm::TRACE_ID, trace.to_string()),
            KeyValue::new(tinyllm::NODES_EXECUTED, self.steps.load(Ordering::Relaxed)),
            count(
                tinyllm::DURATION_MS,
                u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            ),
        ];
        if tokens.total() > 0 || tokens.unknown == 0 {
            totals.push(count(tinyllm::TOKENS_USED, tokens.total()));
        }
        totals
    }
}
