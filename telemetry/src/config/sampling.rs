//! Sampling rules beyond the common rate.

use std::time::Duration;

use crate::config::composable::ComposableSampler;

/// The sampling rate of a route.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SamplingRule {
    /// The route or the path of the request that starts the trace. A trailing `*` matches any suffix.
    pub route: String,
    /// The share of these traces that are sampled, from 0.0 to 1.0.
    pub rate: f64,
}

impl SamplingRule {
    /// Creates a rule that samples this share of a route's traces.
    #[must_use]
    pub fn new(route: impl Into<String>, rate: f64) -> Self {
        Self {
            route: route.into(),
            rate,
        }
    }
}

/// The rule for exporting unsampled traces at their end.
///
/// Unsampled traces are recorded and held until their last span in this process ends. This costs as much as a
/// sampled trace, except for its export. Only this service's part of a trace is exported, because other
/// services treat it as unsampled.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TailRule {
    /// Whether traces with a failed span are exported. Default: `true`.
    pub errors: bool,
    /// The minimum duration of a local root whose trace is exported. Default: none.
    pub slower_than: Option<Duration>,
    /// The maximum number of spans that are held. The oldest trace is dropped first. Default: 10,000.
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
    /// Sets whether traces with a failed span are exported. Default: `true`.
    #[must_use]
    pub fn with_errors(mut self, errors: bool) -> Self {
        self.errors = errors;
        self
    }

    /// Sets the minimum duration of a local root whose trace is exported. Default: none.
    #[must_use]
    pub fn with_slower_than(mut self, limit: Duration) -> Self {
        self.slower_than = Some(limit);
        self
    }

    /// Sets the maximum number of spans that are held. Default: 10,000.
    #[must_use]
    pub fn with_max_spans(mut self, spans: usize) -> Self {
        self.max_spans = spans;
        self
    }
}

/// A sampler of the declarative configuration.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SamplerTree {
    AlwaysOn,
    AlwaysOff,
    /// The share of traces that are sampled, from 0.0 to 1.0.
    Ratio(f64),
    ParentBased(Box<ParentSamplers>),
    /// Records all spans, and samples those that another sampler samples.
    AlwaysRecord(Box<SamplerTree>),
    Composite(ComposableSampler),
}

/// The samplers of spans without a parent, and of those with each kind of parent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ParentSamplers {
    pub(crate) root: SamplerTree,
    pub(crate) remote_sampled: SamplerTree,
    pub(crate) remote_not_sampled: SamplerTree,
    pub(crate) local_sampled: SamplerTree,
    pub(crate) local_not_sampled: SamplerTree,
}

impl Default for ParentSamplers {
    fn default() -> Self {
        Self {
            root: SamplerTree::AlwaysOn,
            remote_sampled: SamplerTree::AlwaysOn,
            remote_not_sampled: SamplerTree::AlwaysOff,
            local_sampled: SamplerTree::AlwaysOn,
            local_not_sampled: SamplerTree::AlwaysOff,
        }
    }
}

impl SamplerTree {
    /// Returns the rate that has the same effect, if there is one.
    pub(super) fn rate(&self) -> Option<f64> {
        match self {
            Self::AlwaysOn => Some(1.0),
            Self::AlwaysOff => Some(0.0),
            Self::Ratio(rate) => Some(*rate),
            Self::ParentBased(_) | Self::AlwaysRecord(_) | Self::Composite(_) => None,
        }
    }
}

impl ParentSamplers {
    /// Returns whether spans with a parent take its decision.
    pub(super) fn is_default(&self) -> bool {
        let Self { root, .. } = self;
        *self
            == Self {
                root: root.clone(),
                ..Self::default()
            }
    }
}
