//! Rules of sampling beyond the one rate.

use std::time::Duration;

/// The share of a route's traces that is recorded.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SamplingRule {
    /// The route or the path of the request that begins the trace; with `*` at its end, what it begins with.
    pub route: String,
    /// The share of these traces, 0.0 to 1.0.
    pub rate: f64,
}

impl SamplingRule {
    /// Records this share of a route's traces.
    #[must_use]
    pub fn new(route: impl Into<String>, rate: f64) -> Self {
        Self {
            route: route.into(),
            rate,
        }
    }
}

/// Which traces are kept though they were not sampled.
///
/// They are recorded in full and held back until their last span in this process ends, which costs what a sampled trace
/// costs but its export. Other services of the trace have been told that it is not sampled: only this one's part is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TailRule {
    /// Keeps traces with a span that failed. Default: `true`.
    pub errors: bool,
    /// Keeps traces whose request lasted so long. Default: none.
    pub slower_than: Option<Duration>,
    /// The most spans that are held back; the oldest trace goes first. Default: 10 000.
    pub max_spans: usize,
}

impl Default for TailRule {
    fn default() -> Self {
        Self {
            errors: true,
            slower_than: None,
            max_spans: 10_000,
        }
    }
}

impl TailRule {
    /// Sets whether traces with a span that failed are kept. Default: they are.
    #[must_use]
    pub fn with_errors(mut self, errors: bool) -> Self {
        self.errors = errors;
        self
    }

    /// Keeps traces whose request lasted so long.
    #[must_use]
    pub fn with_slower_than(mut self, limit: Duration) -> Self {
        self.slower_than = Some(limit);
        self
    }

    /// Sets the most spans that are held back. Default: 10 000.
    #[must_use]
    pub fn with_max_spans(mut self, spans: usize) -> Self {
        self.max_spans = spans;
        self
    }
}
