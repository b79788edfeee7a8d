//! What a scope is: its kind and name, and what is measured of it.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::metrics::{Histogram, Meter};
use opentelemetry::{Context, KeyValue, StringValue};
use throughline_tracing_layer::limits::{MAX_SPAN_NAME_BYTES, truncate};
use throughline_tracing_layer::provider::LazyInstruments;

use super::name_budget::NameBudget;
use crate::semconv::{self, tinyllm};

/// Whom the tokens of a ledger are counted for.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub(super) kind: Kind,
    pub(super) name: StringValue,
    pub(super) instruments: LazyInstruments<Instruments>,
    /// The most tokens that it may spend.
    pub(super) limit: Option<u64>,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Agent => "agent",
            Kind::Tool => "tool",
            Kind::Workflow => "workflow",
            Kind::Graph => "graph",
            Kind::Node => "node",
            Kind::Request => return f.write_str("the request"),
        };
        write!(f, "{kind} {:?}", self.name.as_str())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Agent,
    Tool,
    Workflow,
    Graph,
    /// Its name is its type.
    Node,
    /// It has no span of its own.
    Request,
}

impl Kind {
    /// The operation of the conventions that a scope of this kind is.
    pub(super) fn operation(self) -> Option<&'static str> {
        match self {
            Self::Agent => Some("invoke_agent"),
            Self::Tool => Some("execute_tool"),
            Self::Workflow => Some("invoke_workflow"),
            Self::Graph | Self::Node | Self::Request => None,
        }
    }

    pub(super) fn key(self) -> Option<&'static str> {
        match self {
            Self::Agent => Some(semconv::AGENT_NAME),
            Self::Tool => Some(semconv::TOOL_NAME),
            Self::Workflow => Some(semconv::WORKFLOW_NAME),
            Self::Graph => Some(tinyllm::GRAPH_ID),
            Self::Node => Some(tinyllm::NODE_TYPE),
            Self::Request => None,
        }
    }
}

impl Subject {
    /// The name, as an attribute.
    pub(super) fn attribute(&self) -> Option<KeyValue> {
        let key = self.kind.key()?;
        Some(KeyValue::new(key, self.name.clone()))
    }

    pub(super) fn span_name(&self) -> Cow<'static, str> {
        match (self.kind, self.kind.operation()) {
            (_, Some(operation)) => self.span_name_after(operation, " ").into(),
            (Kind::Graph, _) => tinyllm::GRAPH.into(),
            _ => self.span_name_after(tinyllm::NODE, "").into(),
        }
    }

    fn span_name_after(&self, start: &str, separator: &str) -> String {
        let room = MAX_SPAN_NAME_BYTES.saturating_sub(start.len() + separator.len());
        [start, separator, truncate(self.name.as_str(), room)].concat()
    }

    /// Measures a scope that has ended.
    pub(super) fn measure(&self, cx: &Context, ended: Ended) {
        let Some(instruments) = self.instruments.in_context(cx) else {
            return;
        };
        let duration = match self.kind {
            Kind::Agent => &instruments.agent,
            Kind::Tool => &instruments.tool,
            Kind::Workflow => &instruments.workflow,
            Kind::Graph | Kind::Node | Kind::Request => return,
        };
        let Some(key) = self.kind.key() else { return };
        let budget = instruments.budget().of_kind(self.kind);
        let (name, place) = budget.name(&self.name);
        let name = [KeyValue::new(key, name)];
        if self.kind == Kind::Agent {
            let [inference, tools] = ended.own_calls;
            instruments.inference_calls.record(inference, &name);
            instruments.tool_calls.record(tools, &name);
        }
        let seconds = ended.duration.as_secs_f64();
        if ended.agent.is_none() && ended.error.is_none() {
            // There is nothing to merge: of this series each name has one.
            duration.record(seconds, &name);
        } else {
            let labels = instruments.budget().labels(budget, name, place, ended);
            duration.record(seconds, labels.as_slice());
        }
    }
}

/// What there is to measure of a scope.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) duration: Duration,
    pub(super) own_calls: [u64; 2],
    /// The agent around a tool.
    pub(super) agent: Option<StringValue>,
    pub(super) error: Option<Cow<'static, str>>,
}

/// The instruments of scopes.
#[derive(Debug)]
pub(super) struct Instruments {
    agent: Histogram<f64>,
    tool: Histogram<f64>,
    workflow: Histogram<f64>,
    inference_calls: Histogram<u64>,
    tool_calls: Histogram<u64>,
    budget: OnceLock<Box<NameBudget>>,
}

impl Instruments {
    pub(super) fn new(meter: &Meter) -> Self {
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
            budget: OnceLock::new(),
        }
    }

    fn budget(&self) -> &NameBudget {
        self.budget.get_or_init(Box::default)
    }
}
