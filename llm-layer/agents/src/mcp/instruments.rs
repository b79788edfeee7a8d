//! The metrics of exchanges and sessions.

use std::sync::OnceLock;

use opentelemetry::metrics::{Histogram, Meter};

use super::label_budget::LabelBudget;
use crate::semconv::{self, mcp};

#[derive(Debug)]
pub(super) struct Instruments {
    pub(super) client: Histogram<f64>,
    pub(super) server: Histogram<f64>,
    pub(super) client_session: Histogram<f64>,
    pub(super) server_session: Histogram<f64>,
    budget: OnceLock<Box<LabelBudget>>,
}

impl Instruments {
    pub(super) fn new(meter: &Meter) -> Self {
        let duration = |name: &'static str| {
            let histogram = meter.f64_histogram(name).with_unit(semconv::SECOND_UNIT);
            let histogram = histogram.with_description(semconv::description(name));
            histogram.with_boundaries(mcp::SECOND_BUCKETS.to_vec()).build()
        };
        Self {
            client: duration(mcp::CLIENT_DURATION),
            server: duration(mcp::SERVER_DURATION),
            client_session: duration(mcp::CLIENT_SESSION_DURATION),
            server_session: duration(mcp::SERVER_SESSION_DURATION),
            budget: OnceLock::new(),
        }
    }

    pub(super) fn budget(&self) -> &LabelBudget {
        self.budget.get_or_init(Box::default)
    }
}
