//! The start of a scope.

use std::sync::Arc;
use std::time::Instant;

use opentelemetry::trace::{SpanBuilder, SpanKind, TraceContextExt};
use opentelemetry::{Context, KeyValue, StringValue, Value};

use super::close::Close;
use super::handle::ScopeHandle;
use super::identity::{ScopeIdentity, ScopeKind};
use super::label_budget::ToolLabels;
use super::ledger::Ledger;
use super::names::ScopeNames;
use super::running::RunningScope;
use super::setup::Scope;
use crate::content::ContentSettings;
use crate::semconv::{self, count, tinyllm};

/// Starts a scope beneath a context.
pub(super) fn start(mut scope: Scope, parent: &Context) -> RunningScope {
    let above = parent.get::<ScopeHandle>();
    let kind = scope.identity.kind;
    let step = (kind == ScopeKind::Node).then(|| above?.step()).flatten();
    let mut handle = scope_handle(&scope, parent, above);
    let span = if kind == ScopeKind::Request {
        parent
            .span()
            .set_attributes(span_attributes(&scope, &handle, None));
        None
    } else {
        scope.tracer.start(parent, || span_builder(&scope, &handle, step))
    };
    if kind == ScopeKind::Tool && ContentSettings::is_on_span(handle.content.as_ref()) {
        if let Some(span) = span.as_ref().filter(|span| span.is_recording) {
            handle.is_captured = true;
            let arguments = scope.arguments.take();
            if let Some(arguments) = arguments.and_then(|arguments| handle.content_attribute(*arguments)) {
                let arguments = KeyValue::new(semconv::TOOL_CALL_ARGUMENTS, arguments);
                span.context.span().set_attribute(arguments);
            }
        }
    }
    let close = Close {
        has_span: span.is_some(),
        cx: match span {
            Some(span) => span.context,
            None => parent.clone(),
        },
        labels: tool_labels(&scope, &handle),
        run: handle.run.clone(),
        instruments: scope.instruments,
        convention: scope.convention,
        failure: None,
        started: Instant::now(),
    };
    RunningScope::new(handle, close)
}

fn tool_labels(scope: &Scope, handle: &ScopeHandle) -> ToolLabels {
    if scope.identity.kind != ScopeKind::Tool {
        return ToolLabels::default();
    }
    ToolLabels {
        agent: text(scope, semconv::AGENT_NAME).or_else(|| handle.names.agent.clone()),
        tool_type: text(scope, semconv::TOOL_TYPE),
    }
}

/// Returns the text of an attribute that the user has set.
fn text(scope: &Scope, key: &str) -> Option<StringValue> {
    let attribute = scope
        .attributes
        .iter()
        .rfind(|attribute| attribute.key.as_str() == key)?;
    match &attribute.value {
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

#[inline]
fn scope_handle(scope: &Scope, parent: &Context, above: Option<&ScopeHandle>) -> ScopeHandle {
    let ScopeIdentity { kind, name } = &scope.identity;
    let names = ScopeNames {
        agent: (*kind == ScopeKind::Agent).then(|| name.clone()),
        conversation: scope.conversation.clone(),
    };
    let run = (*kind == ScopeKind::Graph).then(Arc::default);
    let ledger = above.map(|above| above.ledger.clone());
    ScopeHandle {
        ledger: Arc::new(Ledger::new(scope.identity.clone(), scope.token_budget, ledger)),
        names: names.or(ScopeNames::from_context(parent, scope.names_from_baggage)),
        names_to_baggage: scope.names_to_baggage || above.is_some_and(|above| above.names_to_baggage),
        run: run.or_else(|| above?.run.clone()),
        content: ContentSettings::inherited(
            scope.content.as_ref(),
            above.and_then(|above| above.content.as_ref()),
        ),
        is_captured: false,
    }
}

fn span_builder(scope: &Scope, handle: &ScopeHandle, step: Option<i64>) -> SpanBuilder {
    SpanBuilder::from_name(scope.identity.span_name())
        .with_kind(SpanKind::Internal)
        .with_attributes(span_attributes(scope, handle, step))
}

fn span_attributes(scope: &Scope, handle: &ScopeHandle, step: Option<i64>) -> Vec<KeyValue> {
    let kind = scope.identity.kind;
    let mut attributes = Vec::new();
    if let Some(name) = scope.identity.attribute() {
        attributes.reserve(5 + scope.attributes.len());
        attributes.push(name);
    }
    let operation = kind.operation();
    attributes.extend(operation.map(|operation| KeyValue::new(semconv::OPERATION_NAME, operation)));
    if kind == ScopeKind::Tool && text(scope, semconv::AGENT_NAME).is_none() {
        attributes.extend(handle.names.agent());
    }
    attributes.extend(handle.names.conversation());
    attributes.extend(step.map(|step| KeyValue::new(tinyllm::STEP, step)));
    let limit = scope.token_budget;
    attributes.extend(limit.map(|limit| count(semconv::TOKENS_LIMIT, limit)));
    attributes.extend(scope.attributes.iter().cloned());
    attributes
}
