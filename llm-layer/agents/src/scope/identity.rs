//! The kind and the name of a scope.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use opentelemetry::{KeyValue, StringValue};
use throughline_tracing_layer::limits::{MAX_ATTRIBUTE_BYTES, MAX_SPAN_NAME_BYTES, truncate};

use crate::semconv::{self, tinyllm};

/// The kind and the name of a scope, displayed like `agent "Planner"`.
#[derive(Debug, Clone)]
pub(super) struct ScopeIdentity {
    pub(super) kind: ScopeKind,
    pub(super) name: StringValue,
}

/// What a scope runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    Agent,
    Tool,
    Workflow,
    Graph,
    /// Its name is the type of the node.
    Node,
    /// A request has no span of its own.
    Request,
}

impl ScopeKind {
    /// The operation of the conventions.
    pub(super) fn operation(self) -> Option<&'static str> {
        match self {
            Self::Agent => Some("invoke_agent"),
            Self::Tool => Some("execute_tool"),
            Self::Workflow => Some("invoke_workflow"),
            Self::Graph | Self::Node | Self::Request => None,
        }
    }

    /// The attribute that has the name.
    pub(super) fn name_key(self) -> Option<&'static str> {
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

impl ScopeIdentity {
    pub(super) fn new(kind: ScopeKind, name: Cow<'static, str>) -> Self {
        let name = match name {
            Cow::Borrowed(name) => truncate(name, MAX_ATTRIBUTE_BYTES).into(),
            Cow::Owned(name) => Arc::<str>::from(truncate(&name, MAX_ATTRIBUTE_BYTES)).into(),
        };
        Self { kind, name }
    }

    /// The name as an attribute.
    pub(super) fn attribute(&self) -> Option<KeyValue> {
        let key = self.kind.name_key()?;
        Some(KeyValue::new(key, self.name.clone()))
    }

    pub(super) fn span_name(&self) -> Cow<'static, str> {
        let (start, separator) = match (self.kind, self.kind.operation()) {
            (_, Some(operation)) => (operation, " "),
            (ScopeKind::Graph, _) => return tinyllm::GRAPH.into(),
            _ => (tinyllm::NODE, ""),
        };
        let room = MAX_SPAN_NAME_BYTES.saturating_sub(start.len() + separator.len());
        [start, separator, truncate(self.name.as_str(), room)]
            .concat()
            .into()
    }
}

impl fmt::Display for ScopeIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ScopeKind::Agent => "agent",
            ScopeKind::Tool => "tool",
            ScopeKind::Workflow => "workflow",
            ScopeKind::Graph => "graph",
            ScopeKind::Node => "node",
            ScopeKind::Request => return f.write_str("the request"),
        };
        write!(f, "{kind} {:?}", self.name.as_str())
    }
}
