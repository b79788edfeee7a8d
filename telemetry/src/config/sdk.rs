//! Settings that the SDK and its exporters would read from the environment, some of them incorrectly. This
//! crate parses them and sets them in code, so that the SDK does not read them.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::trace;

use crate::config::sampling::SamplerTree;
use crate::config::views::MetricViews;
use crate::log_level::LogLevel;

/// Limits and other settings of all signals, with the specification's defaults.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct SdkConfig {
    pub(crate) span_limits: SpanLimits,
    pub(crate) temporality: MetricTemporality,
    /// The timeout of a delivery over OTLP, unless a signal has its own.
    pub(crate) timeout: Option<Duration>,
    /// Whether metrics about telemetry itself are recorded.
    pub(crate) self_metrics: bool,
    /// The level of the messages of this crate.
    pub(crate) log_level: LogLevel,
    /// Whether the declarative configuration was read, beside which variables have no effect.
    pub(crate) is_declarative: bool,
    /// The sampler, if it is more than a rate and a parent's decision.
    pub(crate) sampler: Option<SamplerTree>,
    /// Attributes of the resource that are not texts.
    pub(crate) resource_attributes: Vec<KeyValue>,
    /// What becomes of the instruments of metrics.
    pub(crate) metric_views: MetricViews,
    pub(crate) resource_schema_url: Option<String>,
}

/// The maximum numbers of attributes, events and links of a span. What exceeds them is dropped and counted on
/// the span.
///
/// ```
/// use throughline_telemetry::{SpanLimits, TelemetryConfig};
///
/// let limits = SpanLimits::default().with_events(1_000);
/// let config = TelemetryConfig::default().with_span_limits(limits);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpanLimits {
    /// Attributes of a span. Default: 128.
    pub attributes: u32,
    /// Events of a span. Default: 128.
    pub events: u32,
    /// Links of a span. Default: 128.
    pub links: u32,
    /// Attributes of an event. Default: 128.
    pub attributes_per_event: u32,
    /// Attributes of a link. Default: 128.
    pub attributes_per_link: u32,
}

/// Whether data points count from the start or from the last export.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetricTemporality {
    /// From the start.
    #[default]
    Cumulative,
    /// From the last export, except for counters that can decrease.
    Delta,
    /// From the last export for counters and histograms that are recorded directly. This needs the least
    /// memory.
    LowMemory,
}

impl Default for SpanLimits {
    fn default() -> Self {
        Self {
            attributes: 128,
            events: 128,
            links: 128,
            attributes_per_event: 128,
            attributes_per_link: 128,
        }
    }
}

impl SpanLimits {
    /// Sets the maximum number of attributes of a span. Default: 128.
    #[must_use]
    pub fn with_attributes(mut self, attributes: u32) -> Self {
        self.attributes = attributes;
        self
    }

    /// Sets the maximum number of events of a span. Default: 128.
    #[must_use]
    pub fn with_events(mut self, events: u32) -> Self {
        self.events = events;
        self
    }

    /// Sets the maximum number of links of a span. Default: 128.
    #[must_use]
    pub fn with_links(mut self, links: u32) -> Self {
        self.links = links;
        self
    }

    /// Sets the maximum number of attributes of an event. Default: 128.
    #[must_use]
    pub fn with_attributes_per_event(mut self, attributes: u32) -> Self {
        self.attributes_per_event = attributes;
        self
    }

    /// Sets the maximum number of attributes of a link. Default: 128.
    #[must_use]
    pub fn with_attributes_per_link(mut self, attributes: u32) -> Self {
        self.attributes_per_link = attributes;
        self
    }
}

impl From<SpanLimits> for trace::SpanLimits {
    fn from(limits: SpanLimits) -> Self {
        Self {
            max_attributes_per_span: limits.attributes,
            max_events_per_span: limits.events,
            max_links_per_span: limits.links,
            max_attributes_per_event: limits.attributes_per_event,
            max_attributes_per_link: limits.attributes_per_link,
        }
    }
}

impl MetricTemporality {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|temporality| temporality.as_str() == text)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Cumulative => "cumulative",
            Self::Delta => "delta",
            Self::LowMemory => "lowmemory",
        }
    }

    /// Returns whether all data points count from the start.
    pub(crate) fn is_cumulative(self) -> bool {
        self == Self::Cumulative
    }

    const ALL: [Self; 3] = [Self::Cumulative, Self::Delta, Self::LowMemory];
}

impl From<MetricTemporality> for Temporality {
    fn from(temporality: MetricTemporality) -> Self {
        match temporality {
            MetricTemporality::Cumulative => Self::Cumulative,
            MetricTemporality::Delta => Self::Delta,
            MetricTemporality::LowMemory => Self::LowMemory,
        }
    }
}
