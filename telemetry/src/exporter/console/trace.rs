//! The spans of one trace, arranged as a tree.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{SpanId, TraceId};

use super::row::SpanRow;

/// The ended spans of a trace, in the order of arrival.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) id: TraceId,
    pub(super) rows: Vec<SpanRow>,
    /// The number of spans that arrived after the limit was reached.
    pub(super) more: usize,
}

/// A span and its position in the tree. Nodes are in print order.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) row: &'a SpanRow,
    /// The index of the node above.
    pub(super) above: Option<usize>,
    /// The indices of the nodes below, by start.
    pub(super) below: Vec<usize>,
    /// Nanoseconds since the trace's start.
    pub(super) start: u64,
    pub(super) end: u64,
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

    /// The time from the first start to the last end.
    pub(super) fn duration(&self) -> Duration {
        let end = self
            .rows
            .iter()
            .map(|row| row.end)
            .max()
            .unwrap_or(SystemTime::UNIX_EPOCH);
        end.duration_since(self.start()).unwrap_or_default()
    }

    fn start(&self) -> SystemTime {
        self.rows
            .iter()
            .map(|row| row.start)
            .min()
            .unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// Returns every span once, parents before their children, siblings by start. A span without its parent
    /// in this trace is a root.
    pub(super) fn nodes(&self) -> Vec<Node<'_>> {
        let mut order: Vec<&SpanRow> = self.rows.iter().collect();
        order.sort_by_key(|row| row.start);
        let here: HashSet<SpanId> = order.iter().map(|row| row.id).collect();
        let mut children: HashMap<SpanId, Vec<&SpanRow>> = HashMap::new();
        let mut tops = Vec::new();
        for row in order.iter().copied() {
            if here.contains(&row.parent) {
                children.entry(row.parent).or_default().push(row);
            } else {
                tops.push(row);
            }
        }
        let trace_start = self.start();
        let since = |time: SystemTime| {
            let since = time.duration_since(trace_start).unwrap_or_default();
            u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
        };
        let mut nodes: Vec<Node<'_>> = Vec::with_capacity(order.len());
        let mut placed: HashSet<*const SpanRow> = HashSet::new();
        // Spans in a cycle of parents are not reachable from a root. When all others are placed, the first of
        // them becomes a root.
        for top in tops.into_iter().chain(order) {
            let mut stack = vec![(top, None)];
            while let Some((row, above)) = stack.pop() {
                if !placed.insert(std::ptr::from_ref(row)) {
                    continue;
                }
                let index = nodes.len();
                nodes.push(Node {
                    row,
                    above,
                    below: Vec::new(),
                    start: since(row.start),
                    end: since(row.end),
                });
                if let Some(above) = above.and_then(|above: usize| nodes.get_mut(above)) {
                    above.below.push(index);
                }
                let below = children.remove(&row.id).unwrap_or_default();
                stack.extend(below.into_iter().rev().map(|child| (child, Some(index))));
            }
        }
        nodes
    }
}

/// The maximum number of spans of a trace that are printed.
pub(super) const MAX_SPANS_PER_TRACE: usize = 1_000;
