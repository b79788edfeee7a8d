//! The handle by which model calls reach the scope that they belong to.

use std::sync::Arc;

use opentelemetry::Context;

use super::exhausted::ExhaustedBudget;
use super::graph_run::GraphRun;
use super::ledger::{Ledger, Tokens};
use super::names::ScopeNames;
use super::setup::Scope;
use super::subject::{Kind, Subject};
use crate::usage::CallUsage;

/// Returns the tokens of the model calls in the innermost scope of the current context so far; zero outside of scopes.
#[must_use]
pub fn tokens() -> Tokens {
    Context::map_current(|cx| cx.get::<ScopeHandle>().map(ScopeHandle::tokens)).unwrap_or_default()
}

/// The scope that a context is in: its ledger, for model calls to add to, and its names, for them to carry.
///
/// A layer that observes model calls uses it. `LlmLayer` does so for you.
#[derive(Debug, Clone)]
pub struct ScopeHandle {
    pub(super) ledger: Arc<Ledger>,
    pub(super) names: ScopeNames,
    /// Whether the names also go into baggage.
    pub(super) shares: bool,
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
