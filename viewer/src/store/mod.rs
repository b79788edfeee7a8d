//! The bounded store of telemetry.
//!
//! All state is behind one lock, which is held for short times only: to add a batch, and to copy references.
//! Whatever is computed from spans is computed on snapshots.
//!
//! Memory is bounded in bytes. Spans have three quarters of it, log records the rest, and data points a fixed
//! amount. If spans need room, the oldest trace is dropped as a whole. A trace that is still running is passed
//! over, as long as there are others.

mod log;
mod points;
mod scope;
mod span;
mod summary;
mod trace;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use tokio::sync::watch;

use crate::config::ViewerConfig;
use crate::ids;

use self::log::Logs;
use self::points::PromptSize;
use self::scope::Origins;
use self::trace::{Placed, StoredTrace, TRACE_OVERHEAD};

pub(crate) use self::log::StoredLog;
pub(crate) use self::points::{Direction, Point, Series};
pub(crate) use self::scope::Origin;
pub(crate) use self::span::{Provenance, Role, Status, StoredSpan};
pub(crate) use self::summary::{Cost, Summary, Tokens, as_text, cut};
pub(crate) use self::trace::TraceSnapshot;

/// What became of a batch of spans.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The spans that are invalid or too large. They are not stored.
    pub rejected: u64,
}

/// The counters of the store.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StoreState {
    pub(crate) traces: usize,
    pub(crate) spans: usize,
    pub(crate) logs: usize,
    pub(crate) points: usize,
    pub(crate) bytes: usize,
    pub(crate) sequence: u64,
    pub(crate) dropped: Dropped,
    pub(crate) rejected: u64,
}

/// What was dropped for lack of room.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub(crate) struct Dropped {
    pub(crate) spans: u64,
    pub(crate) logs: u64,
    pub(crate) points: u64,
    pub(crate) traces_evicted: u64,
}

#[derive(Debug)]
pub(crate) struct Store {
    max_bytes: usize,
    max_traces: usize,
    content: Mutex<Content>,
    /// The number of the last change.
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Content {
    traces: HashMap<u128, StoredTrace>,
    /// The ids of the traces by their numbers: the oldest first.
    by_age: BTreeMap<u64, u128>,
    next_number: u64,
    span_bytes: usize,
    spans: usize,
    /// The number of spans of each service.
    services: BTreeMap<Arc<str>, usize>,
    logs: Logs,
    prompt_size: PromptSize,
    origins: Origins,
    sequence: u64,
    /// The change that last dropped a trace.
    last_eviction: u64,
    dropped: Dropped,
    rejected: u64,
}

impl Store {
    pub(crate) fn new(config: &ViewerConfig) -> Self {
        Self {
            max_bytes: config.max_bytes,
            max_traces: config.max_traces,
            content: Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }

    pub(crate) fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    pub(crate) fn max_traces(&self) -> usize {
        self.max_traces
    }

    pub(crate) fn add_traces(&self, request: &ExportTraceServiceRequest) -> Receipt {
        let mut receipt = Receipt::default();
        self.change(|content| {
            for of_resource in &request.resource_spans {
                for of_scope in &of_resource.scope_spans {
                    let origin = content.origins.get(
                        of_resource.resource.as_ref(),
                        &of_resource.schema_url,
                        of_scope.scope.as_ref(),
                        &of_scope.schema_url,
                    );
                    for span in &of_scope.spans {
                        let ids = (ids::trace_id(&span.trace_id), StoredSpan::new(span, &origin));
                        match ids {
                            (Some(trace), Some(span)) if span.bytes() <= MAX_SPAN_BYTES => {
                                self.add_span(content, trace, span);
                            }
                            _ => receipt.rejected += 1,
                        }
                    }
                }
            }
            content.rejected += receipt.rejected;
        });
        receipt
    }

    pub(crate) fn add_logs(&self, request: &ExportLogsServiceRequest) {
        let max_bytes = self.max_bytes / 4;
        self.change(|content| {
            for of_resource in &request.resource_logs {
                for of_scope in &of_resource.scope_logs {
                    let origin = content.origins.get(
                        of_resource.resource.as_ref(),
                        &of_resource.schema_url,
                        of_scope.scope.as_ref(),
                        &of_scope.schema_url,
                    );
                    for record in &of_scope.log_records {
                        let log = StoredLog::new(record, &origin);
                        if let Some(trace) = content.traces.get_mut(&log.trace) {
                            trace.changed = content.sequence;
                        }
                        content.dropped.logs += content.logs.add(log, max_bytes);
                    }
                }
            }
        });
    }

    pub(crate) fn add_metrics(&self, request: &ExportMetricsServiceRequest) {
        self.change(|content| {
            for of_resource in &request.resource_metrics {
                for of_scope in &of_resource.scope_metrics {
                    let origin = content.origins.get(
                        of_resource.resource.as_ref(),
                        &of_resource.schema_url,
                        of_scope.scope.as_ref(),
                        &of_scope.schema_url,
                    );
                    let instance = origin.instance.as_deref().unwrap_or_default();
                    let process = cut(&format!("{}\u{0}{instance}", origin.service), 200);
                    for metric in &of_scope.metrics {
                        content.dropped.points += content.prompt_size.add(metric, &process);
                    }
                }
            }
        });
    }

    /// Makes a change, and tells the listeners of it.
    fn change(&self, change: impl FnOnce(&mut Content)) {
        let sequence = {
            let mut content = self.content();
            content.sequence += 1;
            change(&mut content);
            content.sequence
        };
        self.changes.send_modify(|last| *last = sequence.max(*last));
    }

    fn add_span(&self, content: &mut Content, id: u128, span: StoredSpan) {
        let cost = match content.traces.get(&id) {
            Some(trace) if trace.is_duplicate(&span) => return,
            Some(trace) => trace.cost(&span),
            None => span.bytes() + span.origin.bytes + TRACE_OVERHEAD,
        };
        let is_new = !content.traces.contains_key(&id);
        let max_span_bytes = self.max_bytes - self.max_bytes / 4 - POINT_BYTES;
        while content.span_bytes + cost > max_span_bytes
            || (is_new && content.traces.len() >= self.max_traces)
        {
            // The trace itself is not dropped for its own spans.
            if !content.evict_oldest(id) {
                content.dropped.spans += 1;
                return;
            }
        }
        let (sequence, number) = (content.sequence, content.next_number);
        let trace = content
            .traces
            .entry(id)
            .or_insert_with(|| StoredTrace::new(id, number));
        if is_new {
            content.by_age.insert(number, id);
            content.next_number += 1;
            content.span_bytes += trace.bytes;
        }
        trace.changed = sequence;
        let service = Arc::clone(&span.origin.service);
        if let Placed::Added(bytes) = trace.add(span) {
            content.span_bytes += bytes;
            content.spans += 1;
            *content.services.entry(service).or_default() += 1;
        }
    }

    pub(crate) fn state(&self) -> StoreState {
        let content = self.content();
        StoreState {
            traces: content.traces.len(),
            spans: content.spans,
            logs: content.logs.len(),
            points: content.prompt_size.points(),
            bytes: content.span_bytes + content.logs.bytes() + content.prompt_size.bytes(),
            sequence: content.sequence,
            dropped: content.dropped,
            rejected: content.rejected,
        }
    }

    /// The names of the services of the stored spans, sorted, at most `max`.
    pub(crate) fn services(&self, max: usize) -> Vec<Arc<str>> {
        self.content().services.keys().take(max).cloned().collect()
    }

    /// Returns a trace.
    pub(crate) fn trace(&self, id: u128) -> Option<TraceSnapshot> {
        self.content().traces.get(&id).map(StoredTrace::snapshot)
    }

    pub(crate) fn has_trace(&self, id: u128) -> bool {
        self.content().traces.contains_key(&id)
    }

    /// Returns all traces, in no order.
    pub(crate) fn traces(&self) -> Vec<TraceSnapshot> {
        self.content()
            .traces
            .values()
            .map(StoredTrace::snapshot)
            .collect()
    }

    /// Returns the traces that changed after a change, and whether there were other changes that the listener
    /// cannot know, because traces were dropped.
    pub(crate) fn changed_since(&self, sequence: u64) -> (Vec<TraceSnapshot>, bool) {
        let content = self.content();
        let changed = content.traces.values().filter(|trace| trace.changed > sequence);
        (
            changed.map(StoredTrace::snapshot).collect(),
            content.last_eviction > sequence,
        )
    }

    /// Returns the summary of a trace, and stores it until the trace changes.
    pub(crate) fn summary(&self, trace: &TraceSnapshot) -> Arc<Summary> {
        let summary = trace.summary();
        if trace.summary.is_none()
            && let Some(stored) = self.content().traces.get_mut(&trace.id)
            && stored.spans.len() == trace.spans.len()
        {
            stored.summary = Some(Arc::clone(&summary));
        }
        summary
    }

    /// Returns the newest log records that match, the oldest first, and how many there are in all.
    pub(crate) fn logs(&self, max: usize, is_wanted: impl Fn(&StoredLog) -> bool) -> Vec<Arc<StoredLog>> {
        let records: Vec<Arc<StoredLog>> = self.content().logs.records().cloned().collect();
        let mut newest: Vec<_> = records
            .into_iter()
            .rev()
            .filter(|log| is_wanted(log))
            .take(max)
            .collect();
        newest.sort_by_key(|log| log.time);
        newest
    }

    /// Returns the series of `prompt_size` of a direction.
    pub(crate) fn prompt_size(&self, direction: Direction) -> Vec<Series> {
        self.content().prompt_size.series(direction)
    }

    /// Returns a receiver that is told the number of each change.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        // A panic while the lock is held could only leave counters behind that are too small.
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Content {
    /// Drops the oldest trace that is not running, or the oldest one, but not `except`. Returns whether there
    /// was one.
    fn evict_oldest(&mut self, except: u128) -> bool {
        let now = Instant::now();
        let oldest = || self.by_age.values().copied().filter(|id| *id != except);
        let is_running = |id: &u128| self.traces.get(id).is_some_and(|trace| trace.is_running(now));
        let ended = oldest().take(MAX_PASSED_TRACES).find(|id| !is_running(id));
        let Some(id) = ended.or_else(|| oldest().next()) else {
            return false;
        };
        if let Some(trace) = self.traces.remove(&id) {
            self.by_age.remove(&trace.number);
            self.span_bytes -= trace.bytes;
            self.spans -= trace.spans.len();
            for span in &trace.spans {
                if let Some(count) = self.services.get_mut(&span.origin.service) {
                    *count -= 1;
                    if *count == 0 {
                        self.services.remove(&span.origin.service);
                    }
                }
            }
            self.dropped.traces_evicted += 1;
            self.last_eviction = self.sequence;
        }
        true
    }
}

/// The maximum size of a span.
const MAX_SPAN_BYTES: usize = 16 << 20;
/// The memory that is set aside for data points and for what the tables of the store take.
const POINT_BYTES: usize = 256 << 10;
/// The maximum number of running traces that are passed over in the search for one to drop.
const MAX_PASSED_TRACES: usize = 64;
