//! `GET /api/traces/{id}/spans/{span}`: everything of a span.

use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::Span;
use serde::Serialize;
use throughline_trace_model::{Tree, roll_up, self_times};

use crate::shared::Shared;
use crate::store::{Cost, Role, StoredSpan, TraceSnapshot, as_text, cut};
use crate::{ids, value};

use super::attribute::{Attribute, attributes};
use super::model_call::ModelCall;
use super::trace::call;

#[derive(Debug, Serialize)]
pub(crate) struct SpanDetails {
    #[serde(flatten)]
    ids: SpanIds,
    name: String,
    kind: &'static str,
    #[serde(flatten)]
    times: SpanTimes,
    status: SpanStatus,
    scope: Scope,
    role: &'static str,
    service: String,
    resource: Vec<Attribute>,
    #[serde(flatten)]
    parts: SpanParts,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_call: Option<ModelCall>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roll_up: Option<RollUp>,
}

#[derive(Debug, Serialize)]
struct SpanIds {
    id: String,
    trace: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<String>,
}

#[derive(Debug, Serialize)]
struct SpanTimes {
    #[serde(serialize_with = "as_text")]
    start: u64,
    #[serde(serialize_with = "as_text")]
    end: u64,
    duration: u64,
    #[serde(rename = "self")]
    self_time: u64,
}

/// What a span has any number of.
#[derive(Debug, Serialize)]
struct SpanParts {
    attributes: Vec<Attribute>,
    events: Vec<Event>,
    links: Vec<Link>,
    dropped: DroppedParts,
}

#[derive(Debug, Serialize)]
struct SpanStatus {
    code: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
}

#[derive(Debug, Serialize)]
struct Scope {
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    version: String,
}

#[derive(Debug, Serialize)]
struct Event {
    name: String,
    #[serde(serialize_with = "as_text")]
    time: u64,
    attributes: Vec<Attribute>,
}

#[derive(Debug, Serialize)]
struct Link {
    trace: String,
    span: String,
    /// Whether the trace is in the store.
    stored: bool,
    attributes: Vec<Attribute>,
}

#[derive(Debug, Serialize)]
struct DroppedParts {
    attributes: u32,
    events: u32,
    links: u32,
}

#[derive(Debug, Serialize)]
struct RollUp {
    calls: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<u64>,
    estimated: bool,
    unknown_calls: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<f64>,
    children: Vec<RollUpChild>,
}

#[derive(Debug, Serialize)]
struct RollUpChild {
    id: String,
    name: String,
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<u64>,
    estimated: bool,
    duration: u64,
}

pub(crate) fn span(shared: &Shared, trace_id: u128, id: u64) -> Option<SpanDetails> {
    let trace = shared.store.trace(trace_id)?;
    let tree = trace.tree();
    let is_it = |span: usize| trace.spans.get(span).is_some_and(|span| span.id == id);
    let index = tree.nodes().iter().position(|node| is_it(node.span))?;
    let node = tree.nodes().get(index)?;
    let stored = trace.spans.get(node.span)?;
    let span = stored.decode();
    let is_call = stored.is_model_call();
    Some(SpanDetails {
        ids: SpanIds {
            id: ids::span_text(id),
            trace: ids::trace_text(trace_id),
            parent_id: (stored.parent != 0).then(|| ids::span_text(stored.parent)),
        },
        name: span.name.clone(),
        kind: stored.kind.as_str(),
        times: SpanTimes {
            start: stored.start,
            end: stored.end,
            duration: node.duration(),
            self_time: self_times(&tree).get(index).copied().unwrap_or_default(),
        },
        status: SpanStatus {
            code: stored.status.as_str(),
            message: span.status.clone().unwrap_or_default().message,
        },
        scope: Scope {
            name: stored.origin.scope.name.clone(),
            version: stored.origin.scope.version.clone(),
        },
        role: stored.role.as_str(),
        service: stored.origin.service.as_ref().to_owned(),
        resource: attributes(&stored.origin.resource),
        parts: SpanParts {
            attributes: attributes(&span.attributes),
            events: events(&span),
            links: links(shared, &span),
            dropped: DroppedParts {
                attributes: span.dropped_attributes_count,
                events: span.dropped_events_count,
                links: span.dropped_links_count,
            },
        },
        model_call: is_call.then(|| ModelCall::new(stored, &span, &logs_of(shared, trace_id, id))),
        roll_up: (!is_call)
            .then(|| roll_up_of(&trace, &tree, index, stored))
            .flatten(),
    })
}

/// Returns the whole value of an attribute as text.
pub(crate) fn attribute(shared: &Shared, trace: u128, id: u64, key: &str) -> Option<String> {
    let trace = shared.store.trace(trace)?;
    let span = trace.spans.iter().find(|span| span.id == id)?;
    let decoded = span.decode();
    let value = value::find(&decoded.attributes, key).or_else(|| value::find(&span.origin.resource, key))?;
    Some(value::to_text(value))
}

/// The log records of a span. Instrumentations may record the content of a model call in one of them.
fn logs_of(shared: &Shared, trace: u128, span: u64) -> Vec<LogRecord> {
    let logs = shared
        .store
        .logs(MAX_CALL_LOGS, |log| log.trace == trace && log.span == span);
    logs.iter().map(|log| log.decode()).collect()
}

fn events(span: &Span) -> Vec<Event> {
    let events = span.events.iter().map(|event| Event {
        name: event.name.clone(),
        time: event.time_unix_nano,
        attributes: attributes(&event.attributes),
    });
    events.collect()
}

fn links(shared: &Shared, span: &Span) -> Vec<Link> {
    let links = span.links.iter().map(|link| {
        let (trace, span) = (ids::trace_id(&link.trace_id), ids::span_id(&link.span_id));
        Link {
            trace: trace.map(ids::trace_text).unwrap_or_default(),
            span: span.map(ids::span_text).unwrap_or_default(),
            stored: trace.is_some_and(|trace| shared.store.has_trace(trace)),
            attributes: attributes(&link.attributes),
        }
    });
    links.collect()
}

fn roll_up_of(trace: &TraceSnapshot, tree: &Tree, index: usize, span: &StoredSpan) -> Option<RollUp> {
    let totals = roll_up(tree, |index| call(trace, index));
    let own = totals.get(index)?;
    if own.calls == 0 && !matches!(span.role, Role::Agent | Role::Workflow) {
        return None;
    }
    let node = tree.nodes().get(index)?;
    let children = node.children.iter().take(MAX_CHILDREN).filter_map(|child| {
        let (node, totals) = (tree.nodes().get(*child)?, totals.get(*child)?);
        let span = trace.spans.get(node.span)?;
        let has_calls = totals.calls > totals.unknown_calls;
        Some(RollUpChild {
            id: ids::span_text(span.id),
            name: cut(&span.name, MAX_NAME_CHARS),
            role: span.role.as_str(),
            input: has_calls.then_some(totals.input.tokens),
            output: has_calls.then_some(totals.output.tokens),
            estimated: totals.input.is_inexact || totals.output.is_inexact,
            duration: node.duration(),
        })
    });
    Some(RollUp {
        calls: own.calls,
        input: own.input.total(),
        output: own.output.total(),
        estimated: own.input.is_inexact || own.output.is_inexact,
        unknown_calls: own.unknown_calls,
        cost: Cost::new(own).map(|cost| cost.usd),
        children: children.collect(),
    })
}

const MAX_CALL_LOGS: usize = 16;
const MAX_CHILDREN: usize = 1_000;
const MAX_NAME_CHARS: usize = 300;
