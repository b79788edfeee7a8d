//! The ledger of a scope.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry::{Array, KeyValue, StringValue, Value};
use throughline_tracing_layer::limits::bound;

use super::exhausted::ExhaustedBudget;
use super::identity::{ScopeIdentity, ScopeKind};
use super::tokens::Tokens;
use crate::semconv;
use crate::usage::CallUsage;

/// The token counts of a scope, linked to those of the scope above.
///
/// A call is added to the ledger of its scope and to all those above, each once, so that the tokens of a
/// scope are those of all model calls beneath it. Each ledger has its own lock, which is never held while
/// another is taken or a scope ends. The totals at the end of a scope are exact, because an open call adds
/// its usage before it is released.
pub(super) struct Ledger {
    pub(super) identity: ScopeIdentity,
    /// The most tokens that the scope may use.
    limit: Option<u64>,
    above: Option<Arc<Ledger>>,
    state: Mutex<LedgerState>,
}

#[derive(Default)]
struct LedgerState {
    tokens: Tokens,
    /// The inference calls and the tool calls of an agent without those of agents beneath it.
    own_calls: [u64; 2],
    /// The finish reasons of an agent, or the result of a tool.
    end_attribute: Option<Box<KeyValue>>,
    /// The number of calls that have ended and are still being counted.
    open: usize,
    /// The end of the scope, while it waits for these calls.
    on_close: Option<OnClose>,
}

/// The totals of a scope that ends.
pub(super) struct LedgerTotals {
    pub(super) tokens: Tokens,
    /// The inference calls and the tool calls of an agent.
    pub(super) own_calls: [u64; 2],
    pub(super) end_attribute: Option<Box<KeyValue>>,
}

/// Ends a scope.
///
/// It must not own its ledger, nor a context in the scope, which does: the ledger stores it while calls are
/// open.
type OnClose = Box<dyn FnOnce(&Ledger) + Send>;

impl Ledger {
    pub(super) fn new(identity: ScopeIdentity, limit: Option<u64>, above: Option<Arc<Ledger>>) -> Self {
        let ledger = Self {
            identity,
            limit,
            above,
            state: Mutex::default(),
        };
        if ledger.identity.kind == ScopeKind::Tool {
            ledger.add_tool();
        }
        ledger
    }

    /// Counts a tool call of the innermost agent.
    pub(super) fn add_tool(&self) {
        self.change_agent(|state| state.own_calls[1] += 1);
    }

    /// Whether `other` is above this ledger. Every ledger is beneath `None`.
    pub(super) fn is_beneath(&self, other: Option<&Arc<Self>>) -> bool {
        other.is_none_or(|other| self.upwards().skip(1).any(|above| std::ptr::eq(above, &**other)))
    }

    /// Adds a call to this ledger and all above it.
    pub(super) fn add(&self, usage: &CallUsage) {
        self.upwards().for_each(|ledger| ledger.state().tokens.add(usage));
        if usage.is_inference {
            self.change_agent(|state| state.own_calls[0] += 1);
        }
    }

    /// Counts a refused call here and in all ledgers above.
    pub(super) fn refuse(&self) {
        self.upwards()
            .for_each(|ledger| ledger.state().tokens.refused += 1);
    }

    /// The innermost exhausted budget.
    pub(super) fn exhausted(&self) -> Option<ExhaustedBudget> {
        self.upwards().find_map(|ledger| {
            let limit = ledger.limit?;
            let used = ledger.tokens().total();
            (used >= limit).then(|| ExhaustedBudget {
                scope: ledger.identity.to_string(),
                limit,
                used,
            })
        })
    }

    /// Whether there is a budget.
    pub(super) fn has_budget(&self) -> bool {
        self.upwards().any(|ledger| ledger.limit.is_some())
    }

    /// Sets the finish reasons of the innermost agent.
    pub(super) fn set_finish_reasons(&self, reasons: Vec<StringValue>) {
        let reasons = (!reasons.is_empty()).then(|| {
            let mut reasons = Value::Array(Array::String(reasons));
            bound(&mut reasons);
            Box::new(KeyValue::new(semconv::RESPONSE_FINISH_REASONS, reasons))
        });
        self.change_agent(|state| state.end_attribute = reasons);
    }

    /// Sets the result of a tool.
    pub(super) fn set_result(&self, result: Option<String>) {
        let result = result.map(|result| KeyValue::new(semconv::TOOL_CALL_RESULT, result));
        self.state().end_attribute = result.map(Box::new);
    }

    /// Changes the ledger of the innermost agent, if there is one.
    fn change_agent(&self, change: impl FnOnce(&mut LedgerState)) {
        let is_agent = |ledger: &&Self| ledger.identity.kind == ScopeKind::Agent;
        if let Some(agent) = self.upwards().find(is_agent) {
            change(&mut agent.state());
        }
    }

    fn upwards(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |ledger| ledger.above.as_deref())
    }

    /// Adds an open call to this scope and all those above it.
    pub(super) fn hold(&self) {
        self.upwards().for_each(|ledger| ledger.state().open += 1);
    }

    /// Removes an open call. A scope that waited for it ends.
    pub(super) fn release(&self) {
        for ledger in self.upwards() {
            let mut state = ledger.state();
            state.open = state.open.saturating_sub(1);
            let on_close = match state.open {
                0 => state.on_close.take(),
                _ => None,
            };
            drop(state);
            if let Some(on_close) = on_close {
                on_close(ledger);
            }
        }
    }

    /// Calls `on_close` now or, if calls are open, when the last of them is counted.
    pub(super) fn close(&self, on_close: impl FnOnce(&Self) + Send + 'static) {
        let mut state = self.state();
        // The server ends the span of a request without waiting for calls, so its totals cannot wait either.
        if state.open > 0 && self.identity.kind != ScopeKind::Request {
            state.on_close = Some(Box::new(on_close));
            return;
        }
        drop(state);
        on_close(self);
    }

    fn state(&self) -> MutexGuard<'_, LedgerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tokens(&self) -> Tokens {
        self.state().tokens
    }

    /// Returns the totals at the end of the scope.
    pub(super) fn totals(&self) -> LedgerTotals {
        let mut state = self.state();
        LedgerTotals {
            tokens: state.tokens,
            own_calls: state.own_calls,
            end_attribute: state.end_attribute.take(),
        }
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger")
            .field("identity", &self.identity)
            .field("tokens", &self.tokens())
            .finish_non_exhaustive()
    }
}
