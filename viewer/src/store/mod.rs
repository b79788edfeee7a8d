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
mod traces;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use tokio::sync::watch;

use crate::config::ViewerConfig;
use crate::ids;

use self::log::Logs;
use self::points::PromptSize;
use self::scope::Origins;
use self::trace::StoredTrace;
use self::traces::{Added, Room, Traces};

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
    pub(crate) stored: Stored,
    pub(crate) sequence: u64,
    pub(crate) dropped: Dropped,
    pub(crate) rejected: u64,
}

/// What the store holds now.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub(crate) struct Stored {
    pub(crate) traces: usize,
    pub(crate) spans: usize,
    pub(crate) logs: usize,
    pub(crate) metric_points: usize,
    pub(crate) bytes: usize,
}

/// What was dropped for lack of room.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub(crate) struct Dropped {
    pub(crate) spans: u64,
    pub(crate) logs: u64,
    pub(crate) points: u64,
    pub(crate) traces_evicted: u64,
}

/// The bounds of the store.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub(crate) struct StoreLimits {
    pub(crate) max_bytes: usize,
    pub(crate) max_traces: usize,
}

impl StoreLimits {
    /// The memory of log records.
    fn log_bytes(self) -> usize {
        self.max_bytes / 4
    }

    /// The memory of spans.
    fn span_bytes(self) -> usize {
        self.max_bytes - self.log_bytes() - POINT_BYTES
    }
}

#[derive(Debug)]
pub(crate) struct Store {
    limits: StoreLimits,
    content: Mutex<Content>,
    /// The number of the last change.
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Content {
    traces: Traces,
    logs: Logs,
    prompt_size: PromptSize,
    origins: Origins,
    sequence: u64,
    dropped: Dropped,
    rejected: u64,
}

impl Store {
    pub(crate) fn new(config: &ViewerConfig) -> Self {
        Self {
            limits: StoreLimits {
                max_bytes: config.max_bytes,
                max_traces: config.max_traces,
            },
            content: Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }

    pub(crate) fn limits(&self) -> StoreLimits {
        self.limits
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
                                content.add_span(trace, span, self.limits);
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
        let max_bytes = self.limits.log_bytes();
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
                        content.traces.touch(log.trace, content.sequence);
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

    pub(crate) fn state(&self) -> StoreState {
        let content = self.content();
        StoreState {
            stored: Stored {
                traces: content.traces.len(),
                spans: content.traces.spans(),
                logs: content.logs.len(),
                metric_points: content.prompt_size.points(),
                bytes: content.traces.bytes() + content.logs.bytes() + content.prompt_size.bytes(),
            },
            sequence: content.sequence,
            dropped: content.dropped,
            rejected: content.rejected,
        }
    }

    /// The names of the services of the stored spans, sorted, at most `max`.
    pub(crate) fn services(&self, max: usize) -> Vec<Arc<str>> {
        self.content().traces.services(max)
    }

    /// Returns a trace.
    pub(crate) fn trace(&self, id: u128) -> Option<TraceSnapshot> {
        self.content().traces.get(id).map(StoredTrace::snapshot)
    }

    pub(crate) fn has_trace(&self, id: u128) -> bool {
        self.content().traces.get(id).is_some()
    }

    /// Returns all traces, in no order.
    pub(crate) fn traces(&self) -> Vec<TraceSnapshot> {
        self.content().traces.iter().map(StoredTrace::snapshot).collect()
    }

    /// Returns the traces that changed after a change, and whether there were other changes that the listener
    /// cannot know, because traces were dropped.
    pub(crate) fn changed_since(&self, sequence: u64) -> (Vec<TraceSnapshot>, bool) {
        let content = self.content();
        let changed = content.traces.iter().filter(|trace| trace.changed > sequence);
        (
            changed.map(StoredTrace::snapshot).collect(),
            content.traces.last_eviction() > sequence,
        )
    }

    /// Returns the summary of a trace, and stores it until the trace changes.
    pub(crate) fn summary(&self, trace: &TraceSnapshot) -> Arc<Summary> {
        let summary = trace.summary();
        if trace.summary.is_none() {
            self.content().traces.set_summary(trace, &summary);
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
    /// Adds a span, and drops the oldest traces if there is no room for it.
    fn add_span(&mut self, trace: u128, span: StoredSpan, limits: StoreLimits) {
        let room = Room {
            max_bytes: limits.span_bytes(),
            max_traces: limits.max_traces,
        };
        let Added { evicted, is_dropped } = self.traces.add(trace, span, room, self.sequence);
        self.dropped.traces_evicted += evicted;
        self.dropped.spans += u64::from(is_dropped);
    }
}

/// The maximum size of a span.
const MAX_SPAN_BYTES: usize = 16 << 20;
/// The memory that is set aside for data points and for what the tables of the store take.
const POINT_BYTES: usize = 256 << 10;
