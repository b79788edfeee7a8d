//! The end of a scope: its metrics and the totals on its span.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry::{Context, KeyValue, StringValue};
use throughline_tracing_layer::provider::LazyInstruments;

use super::failure::Failure;
use super::graph_run::GraphRun;
use super::identity::ScopeKind;
use super::instruments::{EndedScope, Instruments};
use super::ledger::{Ledger, Tokens};
use crate::semconv::{self, count};

/// What a scope records when it ends, except for the counts of its ledger.
#[derive(Debug)]
pub(super) struct Close {
    /// The context with the scope's span, without the scope itself.
    pub(super) cx: Context,
    /// The innermost agent.
    pub(super) agent: Option<StringValue>,
    pub(super) run: Option<Arc<GraphRun>>,
    pub(super) instruments: LazyInstruments<Instruments>,
    pub(super) failure: Option<Failure>,
    pub(super) duration: Duration,
    /// The end time of the scope's own span, if it has one.
    pub(super) ended_at: Option<SystemTime>,
}

impl Close {
    pub(super) fn record(self, ledger: &Ledger) {
        let identity = &ledger.identity;
        let span = self.cx.span();
        if (self.ended_at.is_some() || identity.kind == ScopeKind::Request) && span.is_recording() {
            span.set_attributes(self.totals(ledger));
        }
        let ended = EndedScope {
            duration: self.duration,
            own_calls: ledger.own_calls(),
            agent: self.agent.filter(|_| identity.kind == ScopeKind::Tool),
            error: self.failure.as_ref().map(|failure| failure.error_type.clone()),
        };
        if let Some(instruments) = self.instruments.in_context(&self.cx) {
            instruments.record(identity, ended);
        }
        let Some(ended_at) = self.ended_at else { return };
        if let Some(failure) = self.failure {
            span.set_attribute(KeyValue::new(semconv::ERROR_TYPE, failure.error_type));
            span.set_status(Status::error(failure.description));
        }
        span.end_with_timestamp(ended_at);
    }

    fn totals(&self, ledger: &Ledger) -> Vec<KeyValue> {
        let tokens = ledger.tokens();
        match ledger.identity.kind {
            ScopeKind::Graph => {
                let trace = self.cx.span().span_context().trace_id();
                let run = self.run.as_ref();
                run.map(|run| run.totals(trace, &tokens, self.duration))
                    .unwrap_or_default()
            }
            ScopeKind::Node => Vec::new(),
            kind => {
                let mut totals = totals(&tokens, kind);
                let reasons = ledger.take_finish_reasons();
                totals
                    .extend(reasons.map(|reasons| KeyValue::new(semconv::RESPONSE_FINISH_REASONS, reasons)));
                totals
            }
        }
    }
}

/// Returns the totals of the model calls in a scope, for its span.
fn totals(tokens: &Tokens, kind: ScopeKind) -> Vec<KeyValue> {
    let mut totals = Vec::new();
    if tokens.calls > 0 {
        totals.push(count(semconv::TOKENS_CALLS, tokens.calls));
        let directions = [
            (semconv::TOKENS_INPUT, tokens.input),
            (semconv::TOKENS_OUTPUT, tokens.output),
        ];
        // If calls have no usage, a sum of 0 means "unknown" and is omitted.
        let is_counted = |(_, total): &(_, u64)| *total > 0 || tokens.unknown == 0;
        totals.extend(
            directions
                .into_iter()
                .filter(is_counted)
                .map(|(name, total)| count(name, total)),
        );
    }
    let parts = [
        (semconv::TOKENS_CACHE_READ, tokens.cache_read),
        (semconv::TOKENS_REASONING, tokens.reasoning),
        (semconv::TOKENS_ESTIMATED, tokens.estimated),
        (semconv::TOKENS_UNKNOWN, tokens.unknown),
        (semconv::TOKENS_REFUSED, tokens.refused),
    ];
    let parts = parts.into_iter().filter(|(_, tokens)| *tokens > 0);
    totals.extend(parts.map(|(name, tokens)| count(name, tokens)));
    if tokens.nanocost > 0 {
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2⁵³ billionths")]
        totals.push(KeyValue::new(semconv::COST, tokens.nanocost as f64 / 1e9));
    }
    if kind == ScopeKind::Agent && tokens.calls > 0 && tokens.estimated == 0 && tokens.unknown == 0 {
        totals.push(count(semconv::USAGE_INPUT_TOKENS, tokens.input));
        totals.push(count(semconv::USAGE_OUTPUT_TOKENS, tokens.output));
        let cached = [
            (semconv::USAGE_CACHE_READ_INPUT_TOKENS, tokens.cache_read),
            (semconv::USAGE_CACHE_WRITE_INPUT_TOKENS, tokens.cache_write),
        ];
        let cached = cached.into_iter().filter(|(_, tokens)| *tokens > 0);
        totals.extend(cached.map(|(name, tokens)| count(name, tokens)));
    }
    totals
}
