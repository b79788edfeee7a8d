//! What a run counts.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TraceId;

use super::Tokens;
use crate::semconv::tinyllm;

/// A run of a graph, shared by all nodes beneath it.
#[derive(Debug, Default)]
pub(crate) struct GraphRun {
    steps: AtomicI64,
}

impl GraphRun {
    /// The number of a node that begins.
    pub(crate) fn step(&self) -> i64 {
        self.steps.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// What the span of a run says when it ends.
    pub(crate) fn totals(&self, trace: TraceId, tokens: &Tokens, duration: Duration) -> Vec<KeyValue> {
        let millis = duration.as_millis();
        let mut totals = vec![
            KeyValue::new(tinyllm::TRACE_ID, trace.to_string()),
            KeyValue::new(tinyllm::NODES_EXECUTED, self.steps.load(Ordering::Relaxed)),
            KeyValue::new(tinyllm::DURATION_MS, i64::try_from(millis).unwrap_or(i64::MAX)),
        ];
        if tokens.total() > 0 || tokens.unknown == 0 {
            let used = i64::try_from(tokens.total()).unwrap_or(i64::MAX);
            totals.push(KeyValue::new(tinyllm::TOKENS_USED, used));
        }
        totals
    }
}
