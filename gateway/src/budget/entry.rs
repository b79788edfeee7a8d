//! What a request reserves of a budget.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::config::Period;
use crate::refusal::RefusalKind;

/// One limit of a budget for one subject, and what a request reserves of it.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The name of the budget.
    pub(super) budget: Arc<str>,
    /// Budget, unit and subject.
    pub(super) key: String,
    pub(super) unit: Unit,
    pub(super) period: Period,
    pub(super) limit: u64,
    /// What is reserved for the input, or as a whole.
    pub(super) input: u64,
    /// What is reserved for the output.
    pub(super) output: u64,
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Tokens,
    /// Billionths of the currency of the prices.
    NanoCost,
    Requests,
}

/// Why a request is not admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Denied {
    /// The limit of the entry with this index is reached.
    Exhausted {
        index: usize,
        charged: u64,
        resets_in: Duration,
    },
    /// The store does not answer.
    #[cfg(feature = "redis")]
    Outage,
}

/// The windows of the entries of a reservation: the number of periods since the Unix epoch.
pub(super) type Windows = Vec<u64>;

/// Where the entries of a reservation are counted.
#[derive(Debug)]
pub(super) enum Admission {
    /// In this process, in these windows.
    Memory(Windows),
    #[cfg(feature = "redis")]
    Redis,
}

impl Entry {
    pub(super) fn reserved(&self) -> u64 {
        self.input + self.output
    }
}

impl Unit {
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::NanoCost => "cost",
            Self::Requests => "requests",
        }
    }

    pub(super) fn refusal(self) -> RefusalKind {
        match self {
            Self::Tokens | Self::Requests => RefusalKind::RateLimit,
            Self::NanoCost => RefusalKind::Quota,
        }
    }

    /// Returns an amount as users write it.
    pub(super) fn shown(self, amount: u64) -> String {
        match self {
            Self::Tokens | Self::Requests => amount.to_string(),
            Self::NanoCost => format!("{}", amount as f64 / nano(1.0) as f64),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tokens => "tokens",
            Self::NanoCost => "units of cost",
            Self::Requests => "requests",
        })
    }
}

/// Returns a cost in billionths, so that sums are exact.
pub(super) fn nano(cost: f64) -> u64 {
    (cost * 1e9).round().clamp(0.0, MAX_AMOUNT as f64) as u64
}

/// The largest amount that Lua's numbers represent exactly, with room for sums.
pub(super) const MAX_AMOUNT: u64 = 1_000_000_000_000_000;
