//! The handle by which model calls reach the scope that they belong to.

use std::sync::Arc;

use opentelemetry::baggage::BaggageExt;
use opentelemetry::{Context, StringValue};
use serde_core::Serialize;

use super::exhausted::ExhaustedBudget;
use super::graph_run::GraphRun;
use super::identity::ScopeKind;
use super::ledger::Ledger;
use super::names::ScopeNames;
use super::tokens::Tokens;
use crate::content::ContentSettings;
use crate::usage::CallUsage;

/// Returns the tokens of the model calls in the innermost scope of the current context so far; zero outside
/// of scopes.
#[must_use]
pub fn tokens() -> Tokens {
    Context::map_current(|cx| cx.get::<ScopeHandle>().map(ScopeHandle::tokens)).unwrap_or_default()
}

/// Records the result of the tool whose scope is the innermost one of the current context: see
/// [`ScopeHandle::record_result`].
///
/// ```
/// use throughline_agents::{in_tool, record_result};
///
/// # async fn look_up(_: &str) -> Vec<String> { Vec::new() }
/// # async fn run() {
/// in_tool("search", async {
///     let results = look_up("rust").await;
///     record_result(&results);
///     results
/// })
/// .await;
/// # }
/// ```
pub fn record_result<T: Serialize + ?Sized>(result: &T) {
    let scope = Context::map_current(|cx| cx.get::<ScopeHandle>().cloned());
    if let Some(scope) = scope {
        scope.record_result(result);
    }
}

/// The innermost scope of a context: its ledger, to which model calls are added, and the names that they
/// carry.
///
/// For programs that observe their model calls themselves. `LlmLayer` uses it for the calls that it observes.
#[derive(Debug, Clone)]
pub struct ScopeHandle {
    pub(super) ledger: Arc<Ledger>,
    pub(super) names: ScopeNames,
    pub(super) names_to_baggage: bool,
    pub(super) run: Option<Arc<GraphRun>>,
    pub(super) content: Option<Arc<ContentSettings>>,
    /// Whether the span records content.
    pub(super) is_captured: bool,
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

    /// Whether a context is in a scope beneath that of another.
    pub(super) fn is_beneath(cx: &Context, other: &Context) -> bool {
        let other = other.get::<Self>().map(|scope| &scope.ledger);
        cx.get::<Self>()
            .is_some_and(|scope| scope.ledger.is_beneath(other))
    }

    /// Returns the number of the next node beneath this scope, if it is in a graph.
    pub(super) fn step(&self) -> Option<i64> {
        Some(self.run.as_ref()?.step())
    }

    /// Counts a tool call without its own scope. In the scope of a tool, that scope has counted it.
    pub(crate) fn call_tool(&self) {
        if self.ledger.identity.kind != ScopeKind::Tool {
            self.ledger.add_tool();
        }
    }

    /// Adds the usage of a model call to this scope and all scopes above it.
    pub fn add(&self, usage: &CallUsage) {
        self.ledger.add(usage);
    }

    /// Sets the finish reasons of the last inference call of the innermost agent, in the order of the
    /// alternatives.
    ///
    /// The span of the agent ends with them as `gen_ai.response.finish_reasons`.
    pub fn set_finish_reasons(&self, reasons: Vec<StringValue>) {
        self.ledger.set_finish_reasons(reasons);
    }

    /// Records the result of a tool as `gen_ai.tool.call.result`, if the scope is that of a tool and content
    /// is [captured](crate::content) on spans. The last one counts.
    ///
    /// If serialising it fails, nothing is recorded.
    pub fn record_result<T: Serialize + ?Sized>(&self, result: &T) {
        if !self.is_captured {
            return;
        }
        if let Ok(result) = serde_json::to_value(result) {
            let result = self.content_attribute(result);
            self.ledger.set_result(result);
        }
    }

    /// Returns how content is recorded.
    pub(crate) fn content(&self) -> Option<&Arc<ContentSettings>> {
        self.content.as_ref()
    }

    /// Returns captured content as the value of an attribute.
    pub(super) fn content_attribute(&self, content: serde_json::Value) -> Option<String> {
        match &self.content {
            Some(settings) => settings.attribute(content),
            None => ContentSettings::default().attribute(content),
        }
    }

    /// Counts a model call that a budget refused, in this scope and all scopes above it.
    pub fn refuse(&self) {
        self.ledger.refuse();
    }

    /// The innermost exhausted budget of this scope and those above it.
    pub(crate) fn exhausted(&self) -> Option<ExhaustedBudget> {
        self.ledger.exhausted()
    }

    /// Returns whether this scope, or one above it, has a budget.
    #[must_use]
    pub fn has_budget(&self) -> bool {
        self.ledger.has_budget()
    }

    /// Returns whether the budget of this scope, or of one above it, is exhausted.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.exhausted().is_some()
    }

    /// Keeps this scope and all scopes above it from ending until the returned value is dropped, for a call
    /// that is still being counted.
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

impl ScopeNames {
    /// Returns the names of the scopes in a context. If `trust_baggage`, the context's baggage has those that
    /// no scope has.
    #[must_use]
    pub fn from_context(cx: &Context, trust_baggage: bool) -> Self {
        let names = cx.get::<ScopeHandle>().map(|scope| scope.names.clone());
        let names = names.unwrap_or_default();
        match trust_baggage {
            true => names.or(Self::from_baggage(cx.baggage())),
            false => names,
        }
    }
}
