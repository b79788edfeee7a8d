//! A scope that has begun.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use opentelemetry::global::BoxedSpan;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, ContextGuard};
use throughline_tracing_layer::error_message::error_message;
use throughline_tracing_layer::error_type::error_type;
use throughline_tracing_layer::observe::Cause;

use super::close::Close;
use super::exhausted::ExhaustedBudget;
use super::graph_run::GraphRun;
use super::ledger::{Ledger, Tokens};
use super::subject::{Kind, Subject};
use super::{Scope, ScopeNames};
use crate::usage::CallUsage;

/// A scope that has begun, and ends when it is dropped.
#[derive(Debug)]
pub struct Running {
    cx: Context,
    scoped: ScopeHandle,
    /// Whether the context's span is this scope's own.
    has_span: bool,
    started: Instant,
    failure: Option<Failure>,
}

/// The scope that a context is in: its ledger, for model calls to add to, and its names, for them to carry.
///
/// A layer that observes model calls uses it. `LlmLayer` does so for you.
#[derive(Debug, Clone)]
pub struct ScopeHandle {
    ledger: Arc<Ledger>,
    pub(super) names: ScopeNames,
    /// Whether the names also go into baggage.
    shares: bool,
    pub(super) run: Option<Arc<GraphRun>>,
}

/// A model call that has ended and is still being counted. Dropping it lets the scopes above end.
#[derive(Debug)]
pub struct OpenCall(Arc<Ledger>);

impl Drop for OpenCall {
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
    #[inline]
    pub(super) fn new(parent: &Context, scoped: ScopeHandle, span: Option<BoxedSpan>) -> Self {
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

    /// Makes the scope current on this thread until the guard is dropped. Never hold the guard across an `.await`: it is
    /// not `Send`, so a future that does so cannot be spawned on a runtime of many threads; on one of a single thread it
    /// would be current for others' work.
    #[must_use = "the scope is current until this is dropped"]
    pub fn attach(&self) -> ContextGuard {
        self.cx.clone().attach()
    }

    /// What the model calls beneath this scope spent so far.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        self.scoped.tokens()
    }

    /// Marks the span as failed: status `Error` with the error's text, `error.type` its [class](error_type).
    pub fn fail<E: fmt::Display + 'static>(&mut self, error: &E) {
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
            failure: panicked.or_else(|| self.failure.take()),
            duration: self.started.elapsed(),
            at: self.has_span.then(SystemTime::now),
        });
    }
}

impl ScopeHandle {
    /// Returns the innermost scope of a context.
    #[must_use]
    pub fn in_context(cx: &Context) -> Option<&Self> {
        cx.get()
    }

    #[inline]
    pub(super) fn new(parent: &Context, scope: &Scope) -> Self {
        let Subject { kind, name, .. } = &scope.subject;
        let above = parent.get::<Self>();
        let own = ScopeNames {
            agent: (*kind == Kind::Agent).then(|| name.clone()),
            conversation: scope.conversation.clone(),
        };
        let run = (*kind == Kind::Graph).then(Arc::default);
        Self {
            ledger: Arc::new(Ledger::new(
                scope.subject.clone(),
                above.map(|above| above.ledger.clone()),
            )),
            names: own.or(ScopeNames::from_context(parent, scope.from_baggage)),
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

    /// Counts a tool that is called without a scope of its own; within the scope of a tool it is that one.
    pub(crate) fn call_tool(&self) {
        if self.ledger.subject.kind != Kind::Tool {
            self.ledger.add_tool();
        }
    }

    /// Adds a call to this scope and all above it.
    pub fn add(&self, usage: &CallUsage) {
        self.ledger.add(usage);
    }

    /// Counts a call that a budget refused.
    pub fn refuse(&self) {
        self.ledger.refuse();
    }

    /// The refusal of the innermost scope, of this and those above it, that has spent its budget.
    pub(crate) fn exhausted(&self) -> Option<ExhaustedBudget> {
        self.ledger.exhausted()
    }

    /// Whether this scope, or one above it, has spent its budget.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.ledger.is_exhausted()
    }

    /// Keeps this scope and all above it from ending before a call of theirs is counted.
    #[must_use]
    pub fn hold(&self) -> OpenCall {
        self.ledger.hold();
        OpenCall(self.ledger.clone())
    }

    /// Returns the tokens of the model calls of this scope so far.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
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

    pub(crate) fn new<E: fmt::Display + 'static>(error: &E) -> Self {
        Self::of(error_type(Cause::new(error)), error_message(error))
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
