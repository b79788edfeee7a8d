//! The traces of the store, by id and by age.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use super::span::StoredSpan;
use super::summary::Summary;
use super::trace::{Placed, StoredTrace, TRACE_OVERHEAD, TraceSnapshot};

#[derive(Debug, Default)]
pub(super) struct Traces {
    by_id: HashMap<u128, StoredTrace>,
    /// The ids of the traces by their numbers: the oldest first.
    by_age: BTreeMap<u64, u128>,
    next_number: u64,
    bytes: usize,
    spans: usize,
    /// The number of spans of each service.
    services: BTreeMap<Arc<str>, usize>,
    /// The change that last dropped a trace.
    last_eviction: u64,
}

/// The bounds of what all traces may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) max_bytes: usize,
    pub(super) max_traces: usize,
}

/// What became of a span, and of traces for its sake.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Added {
    /// The traces that were dropped to make room.
    pub(super) evicted: u64,
    /// Whether there was no room for the span.
    pub(super) is_dropped: bool,
}

impl Traces {
    /// Adds a span to its trace. If there is no room for it, the oldest traces are dropped, but not its own.
    pub(super) fn add(&mut self, id: u128, span: StoredSpan, room: Room, sequence: u64) -> Added {
        let mut added = Added::default();
        let cost = match self.by_id.get(&id) {
            Some(trace) if trace.is_duplicate(&span) => return added,
            Some(trace) => trace.cost(&span),
            None => span.bytes() + span.origin.bytes + TRACE_OVERHEAD,
        };
        let is_new = !self.by_id.contains_key(&id);
        while self.bytes + cost > room.max_bytes || (is_new && self.by_id.len() >= room.max_traces) {
            if !self.evict_oldest(id, sequence) {
                added.is_dropped = true;
                return added;
            }
            added.evicted += 1;
        }
        let number = self.next_number;
        let trace = self
            .by_id
            .entry(id)
            .or_insert_with(|| StoredTrace::new(id, number));
        if is_new {
            self.by_age.insert(number, id);
            self.next_number += 1;
            self.bytes += trace.bytes;
        }
        trace.changed = sequence;
        let service = Arc::clone(&span.origin.service);
        if let Placed::Added(bytes) = trace.add(span) {
            self.bytes += bytes;
            self.spans += 1;
            *self.services.entry(service).or_default() += 1;
        }
        added
    }

    /// Drops the oldest trace that is not running, or the oldest one, but not `except`. Returns whether there
    /// was one.
    fn evict_oldest(&mut self, except: u128, sequence: u64) -> bool {
        let now = Instant::now();
        let oldest = || self.by_age.values().copied().filter(|id| *id != except);
        let is_running = |id: &u128| self.by_id.get(id).is_some_and(|trace| trace.is_running(now));
        let ended = oldest().take(MAX_PASSED_TRACES).find(|id| !is_running(id));
        let Some(id) = ended.or_else(|| oldest().next()) else {
            return false;
        };
        let Some(trace) = self.by_id.remove(&id) else {
            return true;
        };
        self.by_age.remove(&trace.number);
        self.bytes -= trace.bytes;
        self.spans -= trace.spans.len();
        for span in &trace.spans {
            if let Some(count) = self.services.get_mut(&span.origin.service) {
                *count -= 1;
                if *count == 0 {
                    self.services.remove(&span.origin.service);
                }
            }
        }
        self.last_eviction = sequence;
        true
    }

    /// Marks a trace as changed.
    pub(super) fn touch(&mut self, id: u128, sequence: u64) {
        if let Some(trace) = self.by_id.get_mut(&id) {
            trace.changed = sequence;
        }
    }

    /// Stores the summary of a snapshot, if the trace has not changed since.
    pub(super) fn set_summary(&mut self, trace: &TraceSnapshot, summary: &Arc<Summary>) {
        if let Some(stored) = self.by_id.get_mut(&trace.id)
            && stored.spans.len() == trace.spans.len()
        {
            stored.summary = Some(Arc::clone(summary));
        }
    }

    pub(super) fn get(&self, id: u128) -> Option<&StoredTrace> {
        self.by_id.get(&id)
    }

    /// Returns all traces, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &StoredTrace> {
        self.by_id.values()
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn spans(&self) -> usize {
        self.spans
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The names of the services, sorted, at most `max`.
    pub(super) fn services(&self, max: usize) -> Vec<Arc<str>> {
        self.services.keys().take(max).cloned().collect()
    }

    /// The number of the change that last dropped a trace.
    pub(super) fn last_eviction(&self) -> u64 {
        self.last_eviction
    }
}

/// The maximum number of running traces that are passed over in the search for one to drop.
const MAX_PASSED_TRACES: usize = 64;
