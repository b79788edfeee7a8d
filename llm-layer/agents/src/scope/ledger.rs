//! The tokens of a scope.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::exhausted::ExhaustedBudget;
use super::subject::{Kind, Subject};
use crate::usage::{CallUsage, TokenSource};

/// What the model calls of a scope spent, so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tokens {
    /// Tokens of the prompts, cached ones included.
    pub input: u64,
    /// Tokens of the answers, reasoning included.
    pub output: u64,
    /// Of the input, those that the provider read from its cache.
    pub cache_read: u64,
    /// Of the output, those that the model spent on reasoning.
    pub reasoning: u64,
    /// Of all tokens, those that no provider reported: they are estimates.
    pub estimated: u64,
    /// What it cost, in billionths of the currency of the prices; 0 without prices.
    pub nanocost: u64,
    /// The model calls that have ended.
    pub calls: u64,
    /// Of the calls, those whose tokens are not known, or not all of them.
    pub unknown: u64,
    /// The model calls that a [budget](crate::budget) refused: none of [`calls`](Self::calls).
    pub refused: u64,
}

impl Tokens {
    /// Input and output.
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
    pub(super) subject: Subject,
    above: Option<Arc<Ledger>>,
    counts: Counts,
    /// The number of calls that have ended and are still being counted.
    open: AtomicUsize,
    /// The end of the scope, while it waits for these calls.
    on_close: Mutex<Option<OnClose>>,
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
    reasoning: AtomicU64,
    estimated: AtomicU64,
    nanocost: AtomicU64,
    calls: AtomicU64,
    unknown: AtomicU64,
    refused: AtomicU64,
    /// Of an agent: the inference and the tools that it called itself, and no agent beneath it.
    own_inference: AtomicU64,
    own_tools: AtomicU64,
}

impl Ledger {
    pub(super) fn new(subject: Subject, above: Option<Arc<Ledger>>) -> Self {
        let ledger = Self {
            subject,
            above,
            counts: Counts::default(),
            open: AtomicUsize::new(0),
            on_close: Mutex::new(None),
        };
        if ledger.subject.kind == Kind::Tool {
            ledger.add_tool();
        }
        ledger
    }

    /// Counts a tool that is called here.
    pub(super) fn add_tool(&self) {
        self.add_own(|counts| &counts.own_tools);
    }

    /// Whether another is above this one; every ledger is beneath none.
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

    /// The refusal of the innermost budget that is spent.
    pub(super) fn exhausted(&self) -> Option<ExhaustedBudget> {
        let (subject, limit, spent) = self.upwards().find_map(Self::exhausted_budget)?;
        Some(ExhaustedBudget {
            scope: subject.to_string(),
            limit,
            spent,
        })
    }

    /// Whether some budget is spent.
    pub(super) fn is_exhausted(&self) -> bool {
        self.upwards().any(|ledger| ledger.exhausted_budget().is_some())
    }

    /// The budget of this ledger, if it is spent, and what was.
    fn exhausted_budget(&self) -> Option<(&Subject, u64, u64)> {
        let limit = self.subject.limit?;
        let spent = self.tokens().total();
        (spent >= limit).then_some((&self.subject, limit, spent))
    }

    /// Counts for the innermost agent.
    fn add_own(&self, count: impl FnOnce(&Counts) -> &AtomicU64) {
        let mut agents = self.upwards().filter(|ledger| ledger.subject.kind == Kind::Agent);
        if let Some(agent) = agents.next() {
            count(&agent.counts).fetch_add(1, Ordering::Relaxed);
        }
    }

    fn upwards(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |ledger| ledger.above.as_deref())
    }

    /// A call of this scope, and those above it, is still being counted.
    pub(super) fn hold(&self) {
        for ledger in self.upwards() {
            ledger.open.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// It is counted. A scope that waited for it ends.
    pub(super) fn release(&self) {
        for ledger in self.upwards() {
            if ledger.open.fetch_sub(1, Ordering::AcqRel) == 1 {
                let on_close = ledger.lock().take();
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
        let mut waiting = self.lock();
        // The server ends the span of a request without waiting for calls, so its totals cannot wait either.
        if self.open.load(Ordering::Acquire) > 0 && self.subject.kind != Kind::Request {
            *waiting = Some(Box::new(on_close));
            return;
        }
        drop(waiting);
        on_close(self);
    }

    fn lock(&self) -> MutexGuard<'_, Option<OnClose>> {
        self.on_close.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tokens(&self) -> Tokens {
        self.counts.tokens()
    }

    /// The inference and the tools that an agent called itself.
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
            reasoning: self.reasoning.load(Ordering::Relaxed),
            estimated: self.estimated.load(Ordering::Relaxed),
            nanocost: self.nanocost.load(Ordering::Relaxed),
            calls: self.calls.load(Ordering::Relaxed),
            unknown: self.unknown.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }
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
            .field("subject", &self.subject)
            .field("tokens", &self.tokens())
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}
