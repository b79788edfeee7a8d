//! Settings that the SDK and its exporters would read from the environment, some of them incorrectly. This
//! crate parses them and sets them in code, so that the SDK does not read them.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::trace::SpanLimits;

use crate::config::sampling::SamplerTree;
use crate::log_level::LogLevel;
use crate::signal::{PerSignal, Signal};

/// Batches, intervals and limits, with the specification's defaults.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SdkConfig {
    /// The limits of spans and log records; metrics have none.
    pub(crate) batches: PerSignal<BatchLimits>,
    pub(crate) span_limits: CountLimits,
    /// The time between two exports of metrics.
    pub(crate) metric_interval: Duration,
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
    pub(crate) resource_schema_url: Option<String>,
}

/// The limits of the queue in front of an exporter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BatchLimits {
    pub(crate) schedule_delay: Duration,
    pub(crate) max_queue_size: usize,
    max_export_batch_size: Option<usize>,
}

/// The maximum numbers of attributes, events and links of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CountLimits {
    pub(crate) attributes: u32,
    pub(crate) events: u32,
    pub(crate) links: u32,
    pub(crate) attributes_per_event: u32,
    pub(crate) attributes_per_link: u32,
}

/// Whether data points count from the start or from the last export.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum MetricTemporality {
    #[default]
    Cumulative,
    Delta,
    LowMemory,
}

impl Default for SdkConfig {
    fn default() -> Self {
        Self {
            batches: PerSignal::from_fn(BatchLimits::default_for),
            span_limits: CountLimits::default(),
            metric_interval: Duration::from_secs(60),
            temporality: MetricTemporality::default(),
            timeout: None,
            self_metrics: false,
            log_level: LogLevel::default(),
            is_declarative: false,
            sampler: None,
            resource_attributes: Vec::new(),
            resource_schema_url: None,
        }
    }
}

impl BatchLimits {
    fn default_for(signal: Signal) -> Self {
        let delay = if signal == Signal::Logs { 1 } else { 5 };
        Self {
            schedule_delay: Duration::from_secs(delay),
            max_queue_size: 2048,
            max_export_batch_size: None,
        }
    }

    /// The batch size, limited to the size of the queue, because a larger batch would never be full.
    pub(crate) fn max_export_batch_size(self) -> usize {
        self.max_export_batch_size.unwrap_or(512).min(self.max_queue_size)
    }

    pub(super) fn set_max_export_batch_size(&mut self, size: Option<usize>) {
        self.max_export_batch_size = size;
    }
}

impl Default for CountLimits {
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

impl From<CountLimits> for SpanLimits {
    fn from(limits: CountLimits) -> Self {
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
