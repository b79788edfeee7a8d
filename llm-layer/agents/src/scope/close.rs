//! The end of a scope: what is measured, and what its span says.

use std::time::{Duration, SystemTime};

use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};

use super::ledger::{Ledger, Tokens};
use super::running::{Failure, ScopeHandle};
use super::setup::count;
use super::subject::{Ended, Kind};
use crate::semconv;

/// The end of a scope.
#[derive(Debug)]
pub(super) struct Close {
    pub(super) cx: Context,
    pub(super) failure: Option<Failure>,
    pub(super) duration: Duration,
    /// When the scope's own span ended, if it has one.
    pub(super) at: Option<SystemTime>,
}

impl Close {
    pub(super) fn end(self, ledger: &Ledger) {
        let around = self
            .cx
            .get::<ScopeHandle>()
            .filter(|_| ledger.subject.kind == Kind::Tool);
        let ended = Ended {
            duration: self.duration,
            own_calls: ledger.own_calls(),
            agent: around.and_then(|scoped| scoped.names.clone().agent_name()),
            error: self.failure.as_ref().map(|failure| failure.kind.clone()),
        };
        ledger.subject.measure(&self.cx, ended);
        let span = self.cx.span();
        let is_request = ledger.subject.kind == Kind::Request;
        if (self.at.is_some() || is_request) && span.is_recording() {
            span.set_attributes(self.totals(ledger));
        }
        let Some(at) = self.at else { return };
        if let Some(failure) = self.failure {
            span.set_attribute(KeyValue::new(semconv::ERROR_TYPE, failure.kind));
            span.set_status(Status::error(failure.description));
        }
        span.end_with_timestamp(at);
    }

    fn totals(&self, ledger: &Ledger) -> Vec<KeyValue> {
        let tokens = ledger.tokens();
        match ledger.subject.kind {
            Kind::Graph => {
                let run = self
                    .cx
                    .get::<ScopeHandle>()
                    .and_then(|scoped| scoped.run.as_ref());
                let trace = self.cx.span().span_context().trace_id();
                run.map(|run| run.totals(trace, &tokens, self.duration))
                    .unwrap_or_default()
            }
            Kind::Node => Vec::new(),
            kind => totals(&tokens, kind),
        }
    }
}

/// What the span of a scope says of the model calls beneath it.
fn totals(tokens: &Tokens, kind: Kind) -> Vec<KeyValue> {
    let mut totals = Vec::new();
    if tokens.calls > 0 {
        totals.push(count(semconv::TOKENS_CALLS, tokens.calls));
        let directions = [
            (semconv::TOKENS_INPUT, tokens.input),
            (semconv::TOKENS_OUTPUT, tokens.output),
        ];
        // Where nothing is known, nothing is not what was spent.
        let known = |(_, spent): &(_, u64)| *spent > 0 || tokens.unknown == 0;
        totals.extend(
            directions
                .into_iter()
                .filter(known)
                .map(|(name, spent)| count(name, spent)),
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
        #[expect(clippy::cast_precision_loss, reason = "nobody spends 2⁵² billionths")]
        totals.push(KeyValue::new(semconv::COST, tokens.nanocost as f64 / 1e9));
    }
    if kind == Kind::Agent && tokens.calls > 0 && tokens.estimated == 0 && tokens.unknown == 0 {
        totals.push(count(semconv::USAGE_INPUT_TOKENS, tokens.input));
        totals.push(count(semconv::USAGE_OUTPUT_TOKENS, tokens.output));
    }
    totals
}
