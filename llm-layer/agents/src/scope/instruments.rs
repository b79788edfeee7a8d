//! The metrics of scopes.

use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};
use throughline_tracing_layer::provider::LazyInstruments;

use super::identity::{ScopeIdentity, ScopeKind};
use super::label_budget::{LabelBudget, ToolLabels};
use crate::convention::Convention;
use crate::semconv;

/// What is measured of a scope that has ended.
#[derive(Debug)]
pub(super) struct EndedScope {
    pub(super) duration: Duration,
    /// The inference calls and the tool calls that an agent made itself.
    pub(super) own_calls: [u64; 2],
    pub(super) labels: ToolLabels,
    pub(super) error: Option<Cow<'static, str>>,
}

#[derive(Debug)]
pub(super) struct Instruments {
    agent: Histogram<f64>,
    tool: Histogram<f64>,
    workflow: Histogram<f64>,
    inference_calls: Histogram<u64>,
    tool_calls: Histogram<u64>,
    /// The duration of all kinds, in version 1.41.
    operation: Histogram<f64>,
    budget: OnceLock<Box<LabelBudget>>,
}

impl Instruments {
    pub(super) fn global() -> LazyInstruments<Self> {
        GLOBAL.clone()
    }

    fn new(meter: &Meter) -> Self {
        let seconds = |name: &'static str, buckets: &[f64]| {
            let histogram = meter.f64_histogram(name).with_unit(semconv::SECOND_UNIT);
            let histogram = histogram.with_description(semconv::description(name));
            histogram.with_boundaries(buckets.to_vec()).build()
        };
        let calls = |name: &'static str, unit: &'static str| {
            let histogram = meter.u64_histogram(name).with_unit(unit);
            let histogram = histogram.with_description(semconv::description(name));
            histogram.with_boundaries(semconv::CALL_BUCKETS.to_vec()).build()
        };
        Self {
            agent: seconds(semconv::INVOKE_AGENT_DURATION, &semconv::AGENT_SECOND_BUCKETS),
            tool: seconds(semconv::EXECUTE_TOOL_DURATION, &semconv::SECOND_BUCKETS),
            workflow: seconds(
                semconv::INVOKE_WORKFLOW_DURATION,
                &semconv::WORKFLOW_SECOND_BUCKETS,
            ),
            inference_calls: calls(
                semconv::INVOKE_AGENT_INFERENCE_CALLS,
                semconv::INFERENCE_CALL_UNIT,
            ),
            tool_calls: calls(semconv::INVOKE_AGENT_TOOL_CALLS, semconv::TOOL_CALL_UNIT),
            operation: seconds(semconv::OPERATION_DURATION, &semconv::SECOND_BUCKETS),
            budget: OnceLock::new(),
        }
    }

    /// Records a scope that has ended.
    pub(super) fn record(&self, scope: &ScopeIdentity, ended: EndedScope, convention: Convention) {
        if let (true, Some(operation)) = (convention.is_v1_41(), scope.kind.operation()) {
            let operation = KeyValue::new(semconv::OPERATION_NAME, operation);
            let error = ended
                .error
                .clone()
                .map(|error| KeyValue::new(semconv::ERROR_TYPE, error));
            let labels: Vec<KeyValue> = [operation].into_iter().chain(error).collect();
            self.operation.record(ended.duration.as_secs_f64(), &labels);
        }
        if !convention.is_latest() {
            return;
        }
        let duration = match scope.kind {
            ScopeKind::Agent => &self.agent,
            ScopeKind::Tool => &self.tool,
            ScopeKind::Workflow => &self.workflow,
            ScopeKind::Graph | ScopeKind::Node | ScopeKind::Request => return,
        };
        let Some(key) = scope.kind.name_key() else { return };
        let budget = self.budget.get_or_init(Box::default);
        let (name, place) = budget.name(scope);
        let name = [KeyValue::new(key, name)];
        if scope.kind == ScopeKind::Agent {
            let [inference, tools] = ended.own_calls;
            self.inference_calls.record(inference, &name);
            self.tool_calls.record(tools, &name);
        }
        let seconds = ended.duration.as_secs_f64();
        let ToolLabels { agent, tool_type } = &ended.labels;
        if agent.is_none() && tool_type.is_none() && ended.error.is_none() {
            // Each name has one such series, so there is nothing to merge.
            duration.record(seconds, &name);
        } else {
            let labels = budget.labels(scope.kind, name, place, ended.labels, ended.error);
            duration.record(seconds, labels.as_slice());
        }
    }
}

static GLOBAL: LazyLock<LazyInstruments<Instruments>> = LazyLock::new(|| {
    LazyInstruments::global(
        Convention::in_environment().instrumentation_scope(),
        Instruments::new,
    )
});
