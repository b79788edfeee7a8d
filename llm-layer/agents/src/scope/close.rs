//! The end of a scope: its metrics and the totals on its span.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use throughline_tracing_layer::provider::LazyInstruments;

use super::failure::Failure;
use super::graph_run::GraphRun;
use super::identity::ScopeKind;
use super::instruments::{EndedScope, Instruments};
use super::label_budget::ToolLabels;
use super::ledger::Ledger;
use super::tokens::Tokens;
use crate::convention::Convention;
use crate::semconv::{self, count};

/// What a scope records when it ends, except for the counts of its ledger.
#[derive(Debug)]
pub(super) struct Close {
    /// The context with the scope's span, without the scope itself.
    pub(super) cx: Context,
    pub(super) labels: ToolLabels,
    pub(super) run: Option<Arc<GraphRun>>,
    pub(super) instruments: LazyInstruments<Instruments>,
    pub(super) convention: Convention,
    pub(super) failure: Option<Failure>,
    /// Whether the context's span is this scope's own.
    pub(super) has_span: bool,
    pub(super) started: Instant,
}

impl Close {
    /// Records the scope, which ended `duration` after its start. `ended_at` is the end time of its own span,
    /// if it has one.
    pub(super) fn record(self, ledger: &Ledger, duration: Duration, ended_at: Option<SystemTime>) {
        let identity = &ledger.identity;
        let totals = ledger.totals();
        let span = self.cx.span();
        if (ended_at.is_some() || identity.kind == ScopeKind::Request) && span.is_recording() {
            span.set_attributes(self.attributes(
                identity.kind,
                &totals.tokens,
                duration,
                totals.end_attribute,
            ));
        }
        let ended = EndedScope {
            duration,
            own_calls: totals.own_calls,
            labels: self.labels,
            error: self.failure.as_ref().map(|failure| failure.error_type.clone()),
        };
        if let Some(instruments) = self.instruments.in_context(&self.cx) {
            instruments.record(identity, ended, self.convention);
        }
        let Some(ended_at) = ended_at else { return };
        if let Some(failure) = self.failure {
            span.set_attribute(KeyValue::new(semconv::ERROR_TYPE, failure.error_type));
            span.set_status(Status::error(failure.description));
        }
        span.end_with_timestamp(ended_at);
    }

    fn attributes(
        &self,
        kind: ScopeKind,
        tokens: &Tokens,
        duration: Duration,
        end_attribute: Option<Box<KeyValue>>,
    ) -> Vec<KeyValue> {
        match kind {
            ScopeKind::Graph => {
                let trace = self.cx.span().span_context().trace_id();
                let run = self.run.as_ref();
                run.map(|run| run.totals(trace, tokens, duration))
                    .unwrap_or_default()
            }
            ScopeKind::Node => Vec::new(),
            kind => {
                let mut attributes = totals(tokens, kind, self.convention);
                attributes.extend(end_attribute.map(|attribute| *attribute));
                attributes
            }
        }
    }
}

/// Returns the totals of the model calls in a scope, for its span.
fn totals(tokens: &Tokens, kind: ScopeKind, convention: Convention) -> Vec<KeyValue> {
    let mut totals = Vec::new();
    let mut push = |is_recorded: bool, name, total| {
        if is_recorded {
            totals.push(count(name, total));
        }
    };
    let has_calls = tokens.calls > 0;
    // If calls have no usage, a sum of 0 means "unknown" and is omitted.
    let is_total = |total: u64| has_calls && (total > 0 || tokens.unknown == 0);
    push(has_calls, semconv::TOKENS_CALLS, tokens.calls);
    push(is_total(tokens.input), semconv::TOKENS_INPUT, tokens.input);
    push(is_total(tokens.output), semconv::TOKENS_OUTPUT, tokens.output);
    for (name, part) in [
        (semconv::TOKENS_CACHE_READ, tokens.cache_read),
        (semconv::TOKENS_REASONING, tokens.reasoning),
        (semconv::TOKENS_ESTIMATED, tokens.estimated),
        (semconv::TOKENS_UNKNOWN, tokens.unknown),
        (semconv::TOKENS_REFUSED, tokens.refused),
    ] {
        push(part > 0, name, part);
    }
    if kind == ScopeKind::Agent && has_calls && tokens.estimated == 0 && tokens.unknown == 0 {
        let (read, written) = (tokens.cache_read, tokens.cache_write);
        push(true, semconv::USAGE_INPUT_TOKENS, tokens.input);
        push(true, semconv::USAGE_OUTPUT_TOKENS, tokens.output);
        push(read > 0, semconv::USAGE_CACHE_READ_INPUT_TOKENS, read);
        for (is_recorded, name) in [
            (convention.is_latest(), semconv::USAGE_CACHE_WRITE_INPUT_TOKENS),
            (convention.is_v1_41(), semconv::USAGE_CACHE_CREATION_INPUT_TOKENS),
        ] {
            push(is_recorded && written > 0, name, written);
        }
    }
    if tokens.nanocost > 0 {
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2⁵³ billionths")]
        totals.push(KeyValue::new(semconv::COST, tokens.nanocost as f64 / 1e9));
    }
    totals
}
