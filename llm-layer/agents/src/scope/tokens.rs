//! The tokens of a scope.

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
    /// The number of model calls that a [budget](crate::budget) refused. They are not in
    /// [`calls`](Self::calls).
    pub refused: u64,
}

impl Tokens {
    /// Returns the sum of input and output.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// Adds a call.
    pub(super) fn add(&mut self, usage: &CallUsage) {
        let add = |total: &mut u64, count: u64| *total = total.saturating_add(count);
        for (total, count) in [(&mut self.input, usage.input), (&mut self.output, usage.output)] {
            if let Some((tokens, source)) = count {
                add(total, tokens);
                if source == TokenSource::Estimated {
                    add(&mut self.estimated, tokens);
                }
            }
        }
        add(&mut self.cache_read, usage.cache_read);
        add(&mut self.cache_write, usage.cache_write);
        add(&mut self.reasoning, usage.reasoning);
        add(&mut self.nanocost, nanos(usage.cost));
        self.calls += 1;
        self.unknown += u64::from(usage.input.is_none() || usage.output.is_none());
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
