//! The tokens of a scope.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry::{Array, StringValue, Value};
use throughline_tracing_layer::limits::bound;

use super::exhausted::ExhaustedBudget;
use super::identity::{ScopeIdentity, ScopeKind};
use crate::usage::{CallUsage, TokenSource};

/// The tokens of the model calls of a scope so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tokens {
    /// Input tokens, cached ones included.
    pub input: u64,
    /// Output tokens, reasoning included.
    pub output: u64,
    /// The input tokens that providers read from their caches.
    pub cache_read: u64,
    /// The input tokens that providers wrote to their caches.
    pub cache_write: u64,
    /// The output tokens for reasoning.
    pub reasoning: u64,
    /// The tokens that are estimates, since no provider reported them.
    pub estimated: u64,
    /// The cost in billionths of the currency of the prices; 0 without prices.
    pub nanocost: u64,
    /// The number of model calls that have ended.
    pub calls: u64,
    /// The number of calls with unknown or incomplete token counts.
    pub unknown: u64,
    /// The number of model calls that a [budget](crate::budget) refused. They are not in [`calls`](Self::calls).
    pub refused: u64,
}

impl Tokens {
    /// Returns the sum of input and output.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

/// The token counts of a scope, linked to those of the scope above.
///
/// A call is added to the ledger of its scope and to all those above, each once, so that the tokens of a scope are those of
/// all model calls beneath it. The counters are independent of each other and only ever grow: relaxed additions lose
/// nothing, and a reader while calls are running sees each counter at some moment, not all at the same. The totals at the
/// end of a scope are exact, because an open call adds its usage before it is released: the decrement of `open` and its
/// load in `close` order these additions before the totals are read.
pub(super) struct Ledger {
    pub(super) identity: ScopeIdentity,
    /// The most tokens that the scope may use.
    limit: Option<u64>,
    above: Option<Arc<Ledger>>,
    counts: Counts,
    /// The number of calls that have ended and are still being counted.
    open: AtomicUsize,
    /// The end of the scope, while it waits for these calls.
    on_close: Mutex<Option<OnClose>>,
    finish_reasons: Mutex<Option<Value>>,
}

/// Ends a scope.
///
/// It must not own its ledger, nor a context in the scope, which does: the ledger stores it while calls are open.
type OnClose = Box<dyn FnOnce(&Ledger) + Send>;

#[derive(Debug, Default)]
struct Counts {
    input: AtomicU64,
    output: AtomicU64,
    cache_read: AtomicU64,
    cache_write: AtomicU64,
    reasoning: AtomicU64,
    estimated: AtomicU64,
    nanocost: AtomicU64,
    calls: AtomicU64,
    unknown: AtomicU64,
    refused: AtomicU64,
    /// The inference and tool calls of an agent without those of agents beneath it.
    own_inference: AtomicU64,
    own_tools: AtomicU64,
}

impl Ledger {
    pub(super) fn new(identity: ScopeIdentity, limit: Option<u64>, above: Option<Arc<Ledger>>) -> Self {
        let ledger = Self {
            identity,
            limit,
            above,
            counts: Counts::default(),
            open: AtomicUsize::new(0),
            on_close: Mutex::new(None),
            finish_reasons: Mutex::new(None),
        };
        if ledger.identity.kind == ScopeKind::Tool {
            ledger.add_tool();
        }
        ledger
    }

    /// Counts a tool call.
    pub(super) fn add_tool(&self) {
        self.add_own(|counts| &counts.own_tools);
    }

    /// Whether `other` is above this ledger. Every ledger is beneath `None`.
    pub(super) fn is_beneath(&self, other: Option<&Arc<Self>>) -> bool {
        other.is_none_or(|other| self.upwards().skip(1).any(|above| std::ptr::eq(above, &**other)))
    }

    /// Adds a call to this ledger and all above it.
    pub(super) fn add(&self, usage: &CallUsage) {
        for ledger in self.upwards() {
            ledger.counts.add(usage);
        }
        if usage.is_inference {
            self.add_own(|counts| &counts.own_inference);
        }
    }

    /// Counts a refused call here and in all ledgers above.
    pub(super) fn refuse(&self) {
        for ledger in self.upwards() {
            ledger.counts.refused.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The innermost exhausted budget.
    pub(super) fn exhausted(&self) -> Option<ExhaustedBudget> {
        let (identity, limit, used) = self.upwards().find_map(Self::exhausted_budget)?;
        Some(ExhaustedBudget {
            scope: identity.to_string(),
            limit,
            used,
        })
    }

    /// Whether there is a budget.
    pub(super) fn has_budget(&self) -> bool {
        self.upwards().any(|ledger| ledger.limit.is_some())
    }

    /// Whether a budget is exhausted.
    pub(super) fn is_exhausted(&self) -> bool {
        self.upwards().any(|ledger| ledger.exhausted_budget().is_some())
    }

    /// The scope of this ledger, its limit and the tokens that it has used, if its budget is exhausted.
    fn exhausted_budget(&self) -> Option<(&ScopeIdentity, u64, u64)> {
        let limit = self.limit?;
        let used = self.tokens().total();
        (used >= limit).then_some((&self.identity, limit, used))
    }

    /// Adds one to a count of the innermost agent.
    fn add_own(&self, count: impl FnOnce(&Counts) -> &AtomicU64) {
        if let Some(agent) = self.agent() {
            count(&agent.counts).fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Replaces the finish reasons of the innermost agent.
    pub(super) fn set_finish_reasons(&self, reasons: Vec<StringValue>) {
        if let Some(agent) = self.agent() {
            let mut bounded = (!reasons.is_empty()).then_some(Value::Array(Array::String(reasons)));
            bounded.iter_mut().for_each(bound);
            *lock(&agent.finish_reasons) = bounded;
        }
    }

    /// The finish reasons of the last inference call of an agent.
    pub(super) fn take_finish_reasons(&self) -> Option<Value> {
        lock(&self.finish_reasons).take()
    }

    /// The ledger of the innermost agent.
    fn agent(&self) -> Option<&Self> {
        self.upwards()
            .find(|ledger| ledger.identity.kind == ScopeKind::Agent)
    }

    fn upwards(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |ledger| ledger.above.as_deref())
    }

    /// Adds an open call to this scope and all those above it.
    pub(super) fn hold(&self) {
        for ledger in self.upwards() {
            ledger.open.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Removes an open call. A scope that waited for it ends.
    pub(super) fn release(&self) {
        for ledger in self.upwards() {
            if ledger.open.fetch_sub(1, Ordering::AcqRel) == 1 {
                let on_close = lock(&ledger.on_close).take();
                if let Some(on_close) = on_close {
                    on_close(ledger);
                }
            }
        }
    }

    /// Calls `on_close` now or, if calls are open, when the last of them is counted.
    pub(super) fn close(&self, on_close: impl FnOnce(&Self) + Send + 'static) {
        // `release` takes the lock after its decrement. It either runs before the load here, which then sees 0, or finds
        // what is stored here.
        let mut waiting = lock(&self.on_close);
        // The server ends the span of a request without waiting for calls, so its totals cannot wait either.
        if self.open.load(Ordering::Acquire) > 0 && self.identity.kind != ScopeKind::Request {
            *waiting = Some(Box::new(on_close));
            return;
        }
        drop(waiting);
        on_close(self);
    }

    pub(super) fn tokens(&self) -> Tokens {
        self.counts.tokens()
    }

    /// The inference and tool calls of an agent.
    pub(super) fn own_calls(&self) -> [u64; 2] {
        [&self.counts.own_inference, &self.counts.own_tools].map(|count| count.load(Ordering::Relaxed))
    }
}

impl Counts {
    fn add(&self, usage: &CallUsage) {
        for (total, count) in [(&self.input, usage.input), (&self.output, usage.output)] {
            if let Some((tokens, source)) = count {
                total.fetch_add(tokens, Ordering::Relaxed);
                if source == TokenSource::Estimated {
                    self.estimated.fetch_add(tokens, Ordering::Relaxed);
                }
            }
        }
        self.cache_read.fetch_add(usage.cache_read, Ordering::Relaxed);
        self.cache_write.fetch_add(usage.cache_write, Ordering::Relaxed);
        self.reasoning.fetch_add(usage.reasoning, Ordering::Relaxed);
        self.nanocost.fetch_add(nanos(usage.cost), Ordering::Relaxed);
        self.calls.fetch_add(1, Ordering::Relaxed);
        if usage.input.is_none() || usage.output.is_none() {
            self.unknown.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn tokens(&self) -> Tokens {
        Tokens {
            input: self.input.load(Ordering::Relaxed),
            output: self.output.load(Ordering::Relaxed),
            cache_read: self.cache_read.load(Ordering::Relaxed),
            cache_write: self.cache_write.load(Ordering::Relaxed),
            reasoning: self.reasoning.load(Ordering::Relaxed),
            estimated: self.estimated.load(Ordering::Relaxed),
            nanocost: self.nanocost.load(Ordering::Relaxed),
            calls: self.calls.load(Ordering::Relaxed),
            unknown: self.unknown.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A cost in billionths.
fn nanos(cost: Option<f64>) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "such a cast saturates"
    )]
    let nanos = (cost.unwrap_or(0.0) * 1e9).round() as u64;
    nanos
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger")
            .field("identity", &self.identity)
            .field("tokens", &self.tokens())
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}
