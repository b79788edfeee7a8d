//! The tokens of a scope, as values and as counters.

use std::sync::atomic::{AtomicU64, Ordering};

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

/// The counters of a scope.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) input: AtomicU64,
    pub(super) output: AtomicU64,
    pub(super) cache_read: AtomicU64,
    pub(super) cache_write: AtomicU64,
    pub(super) reasoning: AtomicU64,
    pub(super) estimated: AtomicU64,
    pub(super) nanocost: AtomicU64,
    pub(super) calls: AtomicU64,
    pub(super) unknown: AtomicU64,
    pub(super) refused: AtomicU64,
    /// The inference and tool calls of an agent without those of agents beneath it.
    pub(super) own_inference: AtomicU64,
    pub(super) own_tools: AtomicU64,
}

impl Counts {
    pub(super) fn add(&self, usage: &CallUsage) {
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

    pub(super) fn tokens(&self) -> Tokens {
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
