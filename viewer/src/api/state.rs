//! `GET /api/state`: the counters of the store.

use std::sync::Arc;

use serde::Serialize;

use crate::shared::Shared;
use crate::store::Dropped;

#[derive(Debug, Serialize)]
pub(crate) struct State {
    version: &'static str,
    traces: usize,
    spans: usize,
    logs: usize,
    metric_points: usize,
    bytes: usize,
    max_bytes: usize,
    max_traces: usize,
    dropped: Dropped,
    rejected: u64,
    receivers: Vec<String>,
    services: Vec<Arc<str>>,
    pub(crate) sequence: u64,
}

impl State {
    pub(crate) fn new(shared: &Shared) -> Self {
        let state = shared.store.state();
        Self {
            version: env!("CARGO_PKG_VERSION"),
            traces: state.traces,
            spans: state.spans,
            logs: state.logs,
            metric_points: state.points,
            bytes: state.bytes,
            max_bytes: shared.store.max_bytes(),
            max_traces: shared.store.max_traces(),
            dropped: state.dropped,
            rejected: state.rejected,
            receivers: shared.receivers(),
            services: shared.store.services(MAX_SERVICES),
            sequence: state.sequence,
        }
    }
}

const MAX_SERVICES: usize = 200;
