//! `GET /api/state`: the counters of the store.

use std::sync::Arc;

use serde::Serialize;

use crate::shared::Shared;
use crate::store::{Dropped, StoreLimits, Stored};

#[derive(Debug, Serialize)]
pub(crate) struct State {
    version: &'static str,
    #[serde(flatten)]
    stored: Stored,
    #[serde(flatten)]
    limits: StoreLimits,
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
            stored: state.stored,
            limits: shared.store.limits(),
            dropped: state.dropped,
            rejected: state.rejected,
            receivers: shared.receivers(),
            services: shared.store.services(MAX_SERVICES),
            sequence: state.sequence,
        }
    }
}

const MAX_SERVICES: usize = 200;
