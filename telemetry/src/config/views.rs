//! Views of metrics, which the declarative configuration sets.

use opentelemetry_sdk::metrics::{Aggregation, InstrumentKind};

/// The views, and the settings of instruments that no view changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct MetricViews {
    pub(crate) views: Vec<MetricView>,
    pub(crate) limits: CardinalityLimits,
    /// The buckets of histograms, unless a view has another aggregation.
    pub(crate) histogram_buckets: HistogramBuckets,
}

/// The kind of buckets that histograms have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistogramBuckets {
    /// The boundaries that the instrument suggests.
    #[default]
    Explicit,
    /// Exponential buckets that adapt to the values: at most 160, with a relative error of percentiles that
    /// depends on the range of the values.
    Exponential,
}

impl HistogramBuckets {
    const ALL: [Self; 2] = [Self::Explicit, Self::Exponential];

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|buckets| buckets.as_str() == text)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Explicit => "explicit_bucket_histogram",
            Self::Exponential => "base2_exponential_bucket_histogram",
        }
    }
}

/// What becomes of the instruments that a view selects.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MetricView {
    pub(crate) selector: InstrumentSelector,
    pub(crate) stream: StreamSettings,
}

/// The instruments that a view applies to: those that have all of these. `None` matches any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct InstrumentSelector {
    /// A name, in which `*` stands for any characters and `?` for one.
    pub(crate) name: Option<String>,
    pub(crate) kind: Option<InstrumentKind>,
    pub(crate) unit: Option<String>,
    pub(crate) meter_name: Option<String>,
    pub(crate) meter_version: Option<String>,
    pub(crate) meter_schema_url: Option<String>,
}

/// What an instrument is exported as. `None` is what the instrument has.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct StreamSettings {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) aggregation: Option<Aggregation>,
    pub(crate) cardinality_limit: Option<usize>,
    /// The attributes that are kept.
    pub(crate) attribute_keys: Option<Vec<String>>,
}

/// The maximum numbers of series of an instrument.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CardinalityLimits {
    /// The limit of the kinds without their own. `None` is that of the SDK.
    pub(crate) default: Option<usize>,
    pub(crate) kinds: Vec<(InstrumentKind, usize)>,
}

impl CardinalityLimits {
    pub(crate) fn limit_of(&self, kind: InstrumentKind) -> Option<usize> {
        let own = self.kinds.iter().find(|(other, _)| *other == kind);
        own.map(|(_, limit)| *limit).or(self.default)
    }
}

impl MetricViews {
    /// Exponential buckets as the specification has them by default.
    pub(crate) const EXPONENTIAL: Aggregation = Aggregation::Base2ExponentialHistogram {
        max_size: 160,
        max_scale: 20,
        record_min_max: true,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_a_kind_precede_the_default() {
        let limits = CardinalityLimits {
            default: Some(100),
            kinds: vec![(InstrumentKind::Gauge, 7)],
        };
        assert_eq!(limits.limit_of(InstrumentKind::Gauge), Some(7), "its own");
        assert_eq!(limits.limit_of(InstrumentKind::Counter), Some(100), "the default");
    }
}
