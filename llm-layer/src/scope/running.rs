//! A scope that has begun.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use opentelemetry::global::BoxedSpan;
use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry::{Context, ContextGuard, KeyValue};

use super::ledger::{Ledger, Spent, Tokens};
use super::subject::{Ended, Kind, Subject};
use super::{Names, Scope, count};
use crate::budget::Refusal;
use crate::graph::Run;
use crate::semconv;

/// A scope that has begun, and ends when it is dropped.
#[derive(Debug)]
pub struct Running {
    cx: Context,
    scoped: Scoped,
    /// Whether the context's span is this scope's own.
    has_span: bool,
    started: Instant,
    failure: Option<Failure>,
}

/// What model calls find in the context: the ledger to add to, the names to carry.
#[derive(Debug, Clone)]
pub(crate) struct Scoped {
    ledger: Arc<Ledger>,
    pub(super) names: Names,
    /// Whether the names also go into baggage.
    shares: bool,
    run: Option<Arc<Run>>,
}

/// Keeps scopes open until it is dropped.
#[derive(Debug)]
pub(crate) struct Hold(Arc<Ledger>);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.release();
    }
}

/// Why a scope failed.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) kind: Cow<'static, str>,
    pub(crate) description: String,
}

impl Running {
    pub(super) fn new(parent: &Context, scoped: Scoped, span: Option<BoxedSpan>) -> Self {
        let cx = parent.with_value(scoped.clone());
        let cx = match scoped.shares {
            true => scoped.names.put_in_baggage(cx),
            false => cx,
        };
        Self {
            has_span: span.is_some(),
            cx: match span {
                Some(span) => cx.with_span(span),
                None => cx,
            },
            scoped,
            started: Instant::now(),
            failure: None,
        }
    }

    /// The context of the scope, for work to be run in it.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.cx
    }

    /// Makes the scope current on this thread until the guard is dropped. Never hold the guard across an `.await`.
    #[must_use = "the scope is current until this is dropped"]
    pub fn attach(&self) -> ContextGuard {
        self.cx.clone().attach()
    }

    /// What the model calls beneath this scope spent so far.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        self.scoped.tokens()
    }

    /// Marks the span as failed: status `Error` with the error's text, `error.type` the name of its type.
    pub fn fail<E: fmt::Display>(&mut self, error: &E) {
        self.fail_with(Failure::new(error));
    }

    pub(super) fn fail_with(&mut self, failure: Failure) {
        self.failure = Some(failure);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let panicked = std::thread::panicking().then(Failure::panicked);
        self.scoped.ledger.close(Close {
            cx: self.cx.clone(),
            has_span: self.has_span,
            failure: panicked.or_else(|| self.failure.take()),
            duration: self.started.elapsed(),
            at: SystemTime::now(),
        });
    }
}

/// The end of a scope.
#[derive(Debug)]
pub(super) struct Close {
    cx: Context,
    has_span: bool,
    failure: Option<Failure>,
    duration: Duration,
    at: SystemTime,
}

impl Close {
    pub(super) fn end(self, ledger: &Ledger) {
        let ended = Ended {
            duration: self.duration,
            own_calls: ledger.own_calls(),
            agent: self.cx.get::<Scoped>().and_then(|scoped| scoped.names.agent()),
            error: self.failure.as_ref().map(|failure| failure.kind.clone()),
        };
        ledger.subject.measure(&self.cx, ended);
        let span = self.cx.span();
        let is_request = ledger.subject.kind == Kind::Request;
        if (self.has_span || is_request) && span.is_recording() {
            span.set_attributes(self.totals(ledger));
        }
        if !self.has_span {
            return;
        }
        if let Some(failure) = self.failure {
            span.set_attribute(KeyValue::new(semconv::ERROR_TYPE, failure.kind));
            span.set_status(Status::error(failure.description));
        }
        span.end_with_timestamp(self.at);
    }

    fn totals(&self, ledger: &Ledger) -> Vec<KeyValue> {
        let tokens = ledger.tokens();
        match ledger.subject.kind {
            Kind::Graph => {
                let run = self.cx.get::<Scoped>().and_then(|scoped| scoped.run.as_ref());
                let trace = self.cx.span().span_context().trace_id();
                run.map(|run| run.totals(trace, &tokens, self.duration))
                    .unwrap_or_default()
            }
            Kind::Node => Vec::new(),
            kind => totals(&tokens, kind),
        }
    }
}

impl Scoped {
    pub(super) fn new(parent: &Context, scope: &Scope) -> Self {
        let Subject { kind, name, .. } = &scope.subject;
        let above = parent.get::<Self>();
        let own = Names {
            agent: (*kind == Kind::Agent).then(|| name.clone()),
            conversation: scope.conversation.clone(),
        };
        let run = (*kind == Kind::Graph).then(Arc::default);
        Self {
            ledger: Arc::new(Ledger::new(
                scope.subject.clone(),
                above.map(|above| above.ledger.clone()),
            )),
            names: own.or(Names::of(parent, scope.from_baggage)),
            shares: scope.to_baggage || above.is_some_and(|above| above.shares),
            run: run.or_else(|| above?.run.clone()),
        }
    }

    /// Whether a context is in a scope beneath that of another.
    pub(super) fn is_beneath(cx: &Context, other: &Context) -> bool {
        let other = other.get::<Self>().map(|scoped| &scoped.ledger);
        cx.get::<Self>()
            .is_some_and(|scoped| scoped.ledger.is_beneath(other))
    }

    /// The number of a node that begins beneath this scope.
    pub(super) fn step(&self) -> Option<i64> {
        Some(self.run.as_ref()?.step())
    }

    /// Adds a call to this scope and all above it.
    pub(crate) fn add(&self, spent: &Spent) {
        self.ledger.add(spent);
    }

    /// Counts a call that a budget refused.
    pub(crate) fn refuse(&self) {
        self.ledger.refuse();
    }

    /// The refusal of the innermost scope, of this and those above it, that has spent its budget.
    pub(crate) fn exhausted(&self) -> Option<Refusal> {
        self.ledger.exhausted()
    }

    /// Keeps this scope and all above it from ending before a call of theirs is counted.
    pub(crate) fn hold(&self) -> Hold {
        self.ledger.hold();
        Hold(self.ledger.clone())
    }

    pub(super) fn tokens(&self) -> Tokens {
        self.ledger.tokens()
    }
}

impl Failure {
    pub(super) fn of(kind: impl Into<Cow<'static, str>>, description: String) -> Self {
        Self {
            kind: kind.into(),
            description,
        }
    }

    pub(crate) fn new<E: fmt::Display>(error: &E) -> Self {
        let name = std::any::type_name::<E>();
        Self {
            kind: if name.contains("dyn ") { "_OTHER" } else { name }.into(),
            description: error.to_string(),
        }
    }

    pub(crate) fn cancelled() -> Self {
        Self {
            kind: "cancelled".into(),
            description: "dropped before it was ready".to_owned(),
        }
    }

    pub(crate) fn panicked() -> Self {
        Self {
            kind: "panic".into(),
            description: "panicked".to_owned(),
        }
    }
}

/// What the span of a scope says of the model calls beneath it.
fn totals(tokens: &Tokens, kind: Kind) -> Vec<KeyValue> {
    let mut totals = Vec::new();
    if tokens.calls > 0 {
        totals.extend([
            count(semconv::TOKENS_CALLS, tokens.calls),
            count(semconv::TOKENS_INPUT, tokens.input),
            count(semconv::TOKENS_OUTPUT, tokens.output),
        ]);
    }
    let parts = [
        (semconv::TOKENS_CACHE_READ, tokens.cache_read),
        (semconv::TOKENS_REASONING, tokens.reasoning),
        (semconv::TOKENS_ESTIMATED, tokens.estimated),
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
