//! The tokens of a scope.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry::Context;

use super::ScopeHandle;
use super::close::Close;
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

/// What the model calls beneath the innermost scope of the current context spent so far; zero outside of any scope.
#[must_use]
pub fn tokens() -> Tokens {
    Context::map_current(|cx| cx.get::<ScopeHandle>().map(ScopeHandle::tokens)).unwrap_or_default()
}

impl Tokens {
    /// Input and output.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

/// The ledger of a scope, and those above it.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) subject: Subject,
    above: Option<Arc<Ledger>>,
    counts: Counts,
    /// Calls that have ended and are still being counted, and the scope's end if it waits for them.
    open: AtomicUsize,
    close: Mutex<Option<Close>>,
}

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
            close: Mutex::new(None),
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
                let close = ledger.lock().take();
                if let Some(close) = close {
                    close.end(ledger);
                }
            }
        }
    }

    /// Ends the scope now, or when its last call is counted.
    pub(super) fn close(&self, close: Close) {
        let mut slot = self.lock();
        // The span of a request ends whoever waits for it.
        if self.open.load(Ordering::Acquire) > 0 && self.subject.kind != Kind::Request {
            *slot = Some(close);
            return;
        }
        drop(slot);
        close.end(self);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Close>> {
        self.close.lock().unwrap_or_else(PoisonError::into_inner)
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
