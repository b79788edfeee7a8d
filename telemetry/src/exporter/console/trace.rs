//! The spans of one trace.

use std::collections::HashSet;

use opentelemetry::trace::TraceId;
use throughline_trace_model::{SpanTime, Tree};

use super::row::SpanRow;

/// The ended spans of a trace, in the order of arrival.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) id: TraceId,
    pub(super) rows: Vec<SpanRow>,
    /// The number of spans that arrived after the limit was reached.
    pub(super) more: usize,
}

impl Trace {
    pub(super) fn new(id: TraceId) -> Self {
        Self {
            id,
            rows: Vec::new(),
            more: 0,
        }
    }

    pub(super) fn push(&mut self, row: SpanRow) {
        if self.rows.len() < MAX_SPANS_PER_TRACE {
            self.rows.push(row);
        } else {
            self.more += 1;
        }
    }

    /// The number of spans, including those that are not printed.
    pub(super) fn spans(&self) -> usize {
        self.rows.len() + self.more
    }

    /// The number of services of its spans.
    pub(super) fn services(&self) -> usize {
        let names: HashSet<&str> = self.rows.iter().map(|row| &*row.service).collect();
        names.len()
    }

    /// Arranges the spans. The spans of its nodes are indices of `rows`.
    pub(super) fn tree(&self) -> Tree {
        let times: Vec<SpanTime> = self.rows.iter().map(SpanRow::time).collect();
        Tree::new(&times)
    }
}

/// The maximum number of spans of a trace that are printed.
pub(super) const MAX_SPANS_PER_TRACE: usize = 1_000;
