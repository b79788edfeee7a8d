//! `GET /api/traces/{id}`: the spans of a trace in print order.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::Serialize;
use throughline_trace_model::{
    CallTotals, SpanCall, TokensByAgent, Tree, counted_calls, critical_path, like_siblings, roll_up,
    self_times,
};

use crate::ids;
use crate::search::TextQuery;
use crate::shared::Shared;
use crate::store::{Cost, Origin, Role, Status, StoredSpan, Summary, Tokens, TraceSnapshot, cut};

use super::attribute::{Attribute, attributes};
use super::failure::failure;

#[derive(Debug, Serialize)]
pub(crate) struct Trace {
    summary: Arc<Summary>,
    resources: Vec<Resource>,
    spans: Vec<Row>,
    /// The time of the critical path: that of all roots.
    critical: u64,
    roles: Vec<AgentRow>,
}

#[derive(Debug, Serialize)]
struct Resource {
    service: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    attributes: Vec<Attribute>,
}

#[derive(Debug, Serialize)]
struct Row {
    #[serde(flatten)]
    place: RowPlace,
    name: String,
    kind: &'static str,
    resource: usize,
    scope: String,
    #[serde(flatten)]
    times: RowTimes,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    events: Vec<EventMark>,
    #[serde(flatten)]
    call: RowCall,
    links: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    like: Option<usize>,
}

/// Where a span is in the tree.
#[derive(Debug, Serialize)]
struct RowPlace {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<String>,
    depth: usize,
}

#[derive(Debug, Serialize)]
struct RowTimes {
    start: u64,
    duration: u64,
    #[serde(rename = "self")]
    self_time: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    critical: Vec<(u64, u64)>,
}

/// What a span is to model calls: one of them, or what has them below it.
#[derive(Debug, Serialize)]
struct RowCall {
    role: &'static str,
    /// Whether it is a model call inside another one: the same call, observed twice. Sums leave it out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    nested: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<RowTokens>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_chunk: Option<u64>,
}

#[derive(Debug, Serialize)]
struct EventMark {
    name: String,
    at: u64,
}

#[derive(Debug, Serialize)]
struct RowTokens {
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<u64>,
    estimated: bool,
}

#[derive(Debug, Serialize)]
struct AgentRow {
    name: String,
    kind: &'static str,
    calls: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<u64>,
    estimated: bool,
    unknown_calls: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<f64>,
    duration: u64,
}

pub(crate) fn trace(shared: &Shared, id: u128) -> Option<Trace> {
    let trace = shared.store.trace(id)?;
    let summary = shared.store.summary(&trace);
    let tree = trace.tree();
    let call = |index| call(&trace, index);
    let totals = roll_up(&tree, call);
    let counted: HashSet<usize> = counted_calls(&tree, call)
        .iter()
        .map(|counted| counted.node)
        .collect();
    let like = like_siblings(&tree, |index| {
        let span = trace.spans.get(index)?;
        (span.status != Status::Error).then_some((&span.name, &span.origin.service, span.kind))
    });
    let mut resources = Resources::default();
    let paths = critical_path(&tree);
    let mut critical = 0;
    let nodes = tree
        .nodes()
        .iter()
        .enumerate()
        .zip(paths)
        .zip(self_times(&tree))
        .zip(totals.iter().zip(like));
    let mut spans = Vec::with_capacity(trace.spans.len());
    for ((((index, node), path), self_time), (totals, like)) in nodes {
        let Some(span) = trace.spans.get(node.span) else {
            continue;
        };
        if node.parent.is_none() {
            critical = node.duration().saturating_add(critical);
        }
        let decoded = span.decode();
        let (tokens, cost) = row_tokens(span, totals);
        let events = decoded
            .events
            .iter()
            .take(MAX_EVENT_MARKS)
            .map(|event| EventMark {
                name: cut(&event.name, MAX_NAME_CHARS),
                at: event.time_unix_nano.saturating_sub(tree.start()),
            });
        spans.push(Row {
            place: RowPlace {
                id: ids::span_text(span.id),
                parent: node.parent,
                parent_id: (node.parent.is_none() && span.parent != 0).then(|| ids::span_text(span.parent)),
                depth: node.depth,
            },
            name: cut(&span.name, MAX_NAME_CHARS),
            kind: span.kind.as_str(),
            resource: resources.index(&span.origin),
            scope: cut(&span.origin.scope.name, MAX_NAME_CHARS),
            times: RowTimes {
                start: node.start,
                duration: node.duration(),
                self_time,
                critical: path.iter().map(|section| (section.from, section.to)).collect(),
            },
            status: span.status.as_str(),
            failure: failure(&decoded),
            events: events.collect(),
            call: RowCall {
                role: span.role.as_str(),
                nested: span.is_model_call() && !counted.contains(&index),
                model: model(span).map(|model| cut(model, MAX_NAME_CHARS)),
                tokens,
                cost,
                first_chunk: first_chunk(span).map(|after| node.start.saturating_add(after)),
            },
            links: decoded.links.len(),
            like,
        });
    }
    Some(Trace {
        summary,
        resources: resources.shown,
        spans,
        critical,
        roles: agents(&trace, &tree),
    })
}

/// Returns the indices of the rows that a text query finds.
pub(crate) fn find(shared: &Shared, id: u128, query: &str) -> Option<Vec<usize>> {
    let trace = shared.store.trace(id)?;
    let query = TextQuery::parse(query);
    let tree = trace.tree();
    let rows = tree.nodes().iter().enumerate();
    let found = rows.filter(|(_, node)| {
        trace
            .spans
            .get(node.span)
            .is_some_and(|span| query.finds_span(span))
    });
    Some(found.map(|(index, _)| index).collect())
}

/// Returns the value of an attribute of each row, or of its resource.
pub(crate) fn values(shared: &Shared, id: u128, key: &str) -> Option<Vec<Option<String>>> {
    let trace = shared.store.trace(id)?;
    let tree = trace.tree();
    let value = |span: usize| Some(cut(&trace.spans.get(span)?.attribute(key)?, MAX_NAME_CHARS));
    Some(tree.nodes().iter().map(|node| value(node.span)).collect())
}

/// Returns what a span of a trace says of a model call.
pub(super) fn call(trace: &TraceSnapshot, index: usize) -> SpanCall<'_> {
    trace.spans.get(index).map(|span| span.call()).unwrap_or_default()
}

fn model(span: &StoredSpan) -> Option<&str> {
    span.call.as_ref()?.model.as_deref()
}

fn first_chunk(span: &StoredSpan) -> Option<u64> {
    span.call.as_ref()?.first_chunk
}

/// Returns the tokens and the cost that the row of a span shows: of an agent or a workflow those of all calls
/// below it, of another span its own.
fn row_tokens(span: &StoredSpan, totals: &CallTotals) -> (Option<RowTokens>, Option<f64>) {
    if matches!(span.role, Role::Agent | Role::Workflow)
        && let Some(tokens) = Tokens::new(totals)
    {
        let is_known = tokens.input.is_some() || tokens.output.is_some();
        let tokens = is_known.then_some(RowTokens {
            input: tokens.input,
            output: tokens.output,
            estimated: tokens.estimated,
        });
        return (tokens, Cost::new(totals).map(|cost| cost.usd));
    }
    let Some(facts) = &span.call else {
        return (None, None);
    };
    let tokens = (facts.input.is_some() || facts.output.is_some()).then(|| RowTokens {
        input: facts.input,
        output: facts.output,
        estimated: !facts.provenance.is_exact(),
    });
    (tokens, facts.cost)
}

fn agents(trace: &TraceSnapshot, tree: &Tree) -> Vec<AgentRow> {
    let by_agent = TokensByAgent::new(tree, |index| call(trace, index));
    let rows = by_agent.agents.iter().take(MAX_AGENTS).map(|row| {
        let totals = &row.totals;
        AgentRow {
            name: cut(row.agent.unwrap_or(NO_AGENT), MAX_NAME_CHARS),
            kind: if row.agent.is_some() { "agent" } else { "none" },
            calls: totals.calls,
            input: totals.input.total(),
            output: totals.output.total(),
            estimated: totals.input.is_inexact || totals.output.is_inexact,
            unknown_calls: totals.unknown_calls,
            cost: Cost::new(totals).map(|cost| cost.usd),
            duration: totals.duration,
        }
    });
    rows.collect()
}

/// The resources of a trace, each once.
#[derive(Debug, Default)]
struct Resources<'a> {
    places: HashMap<&'a [u8], usize>,
    shown: Vec<Resource>,
}

impl<'a> Resources<'a> {
    fn index(&mut self, origin: &'a Origin) -> usize {
        let index = *self.places.entry(&origin.encoded).or_insert(self.shown.len());
        if index == self.shown.len() {
            self.shown.push(Resource {
                service: Arc::clone(&origin.service),
                instance: origin.instance.clone(),
                attributes: attributes(&origin.resource),
            });
        }
        index
    }
}

const NO_AGENT: &str = "(no agent)";
/// The maximum characters of a name, the ticks of a row and the rows of agents.
const MAX_NAME_CHARS: usize = 300;
const MAX_EVENT_MARKS: usize = 100;
const MAX_AGENTS: usize = 1_000;
