//! The spans of one trace in the store, and a consistent copy of them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use throughline_trace_model::{SpanTime, Tree};

use super::scope::Origin;
use super::span::StoredSpan;
use super::summary::Summary;

#[derive(Debug)]
pub(super) struct StoredTrace {
    pub(super) id: u128,
    /// Counts the traces of the store: the older, the smaller.
    pub(super) number: u64,
    pub(super) spans: Vec<Arc<StoredSpan>>,
    /// The index of a span by its id and kind: a client and a server may share an id.
    places: HashMap<(u64, &'static str), usize>,
    origins: HashSet<usize>,
    pub(super) bytes: usize,
    /// The number of the last change of the store that added a span.
    pub(super) changed: u64,
    pub(super) arrived: Instant,
    has_root: bool,
    pub(super) summary: Option<Arc<Summary>>,
}

/// What became of a span.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Placed {
    /// It was added and takes this much memory.
    Added(usize),
    /// It was there before.
    Duplicate,
}

impl StoredTrace {
    pub(super) fn new(id: u128, number: u64) -> Self {
        Self {
            id,
            number,
            spans: Vec::new(),
            places: HashMap::new(),
            origins: HashSet::new(),
            bytes: TRACE_OVERHEAD,
            changed: 0,
            arrived: Instant::now(),
            has_root: false,
            summary: None,
        }
    }

    pub(super) fn is_duplicate(&self, span: &StoredSpan) -> bool {
        self.places.contains_key(&(span.id, span.kind.as_str()))
    }

    /// The memory that adding a span takes.
    pub(super) fn cost(&self, span: &StoredSpan) -> usize {
        let is_new = !self.origins.contains(&address(&span.origin));
        span.bytes() + if is_new { span.origin.bytes } else { 0 }
    }

    pub(super) fn add(&mut self, span: StoredSpan) -> Placed {
        if self.is_duplicate(&span) {
            return Placed::Duplicate;
        }
        let bytes = self.cost(&span);
        self.origins.insert(address(&span.origin));
        self.places
            .insert((span.id, span.kind.as_str()), self.spans.len());
        self.has_root |= span.parent == 0;
        self.spans.push(Arc::new(span));
        self.bytes += bytes;
        self.arrived = Instant::now();
        self.summary = None;
        Placed::Added(bytes)
    }

    /// Whether its root has not ended yet. A trace that has received nothing for a while is not running.
    pub(super) fn is_running(&self, now: Instant) -> bool {
        !self.has_root && now.saturating_duration_since(self.arrived) < RUNNING_TIME
    }

    pub(super) fn snapshot(&self) -> TraceSnapshot {
        TraceSnapshot {
            id: self.id,
            number: self.number,
            changed: self.changed,
            spans: self.spans.clone(),
            summary: self.summary.clone(),
        }
    }
}

/// The origin of the spans of a trace, by its address: origins are shared, and live as long as their spans.
fn address(origin: &Arc<Origin>) -> usize {
    Arc::as_ptr(origin).addr()
}

/// A trace at one moment. It stays the same while the store changes.
#[derive(Debug, Clone)]
pub(crate) struct TraceSnapshot {
    pub(crate) id: u128,
    /// The number of the trace: the older, the smaller.
    pub(crate) number: u64,
    pub(crate) changed: u64,
    /// In the order of arrival.
    pub(crate) spans: Vec<Arc<StoredSpan>>,
    pub(super) summary: Option<Arc<Summary>>,
}

impl TraceSnapshot {
    pub(crate) fn tree(&self) -> Tree {
        let times: Vec<SpanTime> = self.spans.iter().map(|span| span.time()).collect();
        Tree::new(&times)
    }

    /// The summary, computed if it is not known yet.
    pub(crate) fn summary(&self) -> Arc<Summary> {
        match &self.summary {
            Some(summary) => Arc::clone(summary),
            None => Arc::new(Summary::new(self.id, &self.spans)),
        }
    }
}

/// The memory of a trace without spans.
pub(super) const TRACE_OVERHEAD: usize = 1_024;
/// How long a trace whose root has not arrived counts as running after its last span.
const RUNNING_TIME: Duration = Duration::from_secs(60);
