//! The spans of one trace.

use std::collections::{HashMap, HashSet};

use opentelemetry::trace::{SpanId, TraceId};
use throughline_trace_model::{SpanTime, Tree};

use super::details::Detail;
use super::row::SpanRow;

/// The ended spans of a trace, in the order of arrival.
///
/// Of a large trace, only some are held. Spans end before their parents, so the last to arrive are the root and
/// what is close to it. A parent of a span that is held takes the place of one that has no children.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) id: TraceId,
    pub(super) rows: Vec<SpanRow>,
    /// The number of spans that are not held.
    pub(super) more: usize,
    /// How many rows have this parent.
    children: HashMap<SpanId, usize>,
    detail_bytes: usize,
}

impl Trace {
    pub(super) fn new(id: TraceId) -> Self {
        Self {
            id,
            rows: Vec::new(),
            more: 0,
            children: HashMap::new(),
            detail_bytes: 0,
        }
    }

    pub(super) fn push(&mut self, mut row: SpanRow) {
        if self.rows.len() >= MAX_SPANS_PER_TRACE {
            self.more += 1;
            let is_needed = row.is_local_root || self.children.contains_key(&row.id);
            if !is_needed || !self.make_room() {
                return;
            }
        }
        let bytes: usize = row.details.iter().map(Detail::bytes).sum();
        if self.detail_bytes + bytes > MAX_DETAIL_BYTES {
            row.details.clear();
        } else {
            self.detail_bytes += bytes;
        }
        *self.children.entry(row.parent).or_default() += 1;
        self.rows.push(row);
    }

    /// Removes the last row that is neither a parent nor a root, preferably one without tokens and error.
    /// Returns whether there is one.
    fn make_room(&mut self) -> bool {
        let is_leaf = |row: &SpanRow| !row.is_local_root && !self.children.contains_key(&row.id);
        let is_plain = |row: &SpanRow| row.failure.is_none() && !row.gen_ai.is_model_call;
        let find = |wanted: &dyn Fn(&SpanRow) -> bool| self.rows.iter().rposition(wanted);
        let found = find(&|row| is_leaf(row) && is_plain(row)).or_else(|| find(&is_leaf));
        let Some(place) = found else { return false };
        let removed = self.rows.remove(place);
        self.detail_bytes -= removed.details.iter().map(Detail::bytes).sum::<usize>();
        if let Some(count) = self.children.get_mut(&removed.parent) {
            *count -= 1;
            if *count == 0 {
                self.children.remove(&removed.parent);
            }
        }
        true
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
/// The maximum bytes of the details of a trace. Spans beyond it have none.
const MAX_DETAIL_BYTES: usize = 1024 * 1024;
