//! A tracer provider and a meter provider that record, and render the recorded telemetry as text for
//! comparison.

use std::fmt::Display;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::Status;
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracerProvider, ShouldSample, SpanData};

use crate::tree::{self, Node};

/// Returns the value of an attribute as text.
#[must_use]
pub fn attribute(span: &SpanData, key: &str) -> Option<String> {
    let found = span
        .attributes
        .iter()
        .find(|attribute| attribute.key.as_str() == key);
    found.map(|attribute| attribute.value.to_string())
}

/// Providers for a layer under test, and the telemetry they received.
#[derive(Debug, Clone)]
pub struct Recorder {
    spans: InMemorySpanExporter,
    metrics: InMemoryMetricExporter,
    tracer_provider: SdkTracerProvider,
    meter_provider: SdkMeterProvider,
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

impl Recorder {
    /// Creates a recorder that samples every span.
    #[must_use]
    pub fn new() -> Self {
        Self::with_sampler(Sampler::AlwaysOn)
    }

    /// Creates a recorder with a sampler.
    #[must_use]
    pub fn with_sampler(sampler: impl ShouldSample + 'static) -> Self {
        let spans = InMemorySpanExporter::default();
        let metrics = InMemoryMetricExporter::default();
        let tracer_provider = SdkTracerProvider::builder()
            .with_simple_exporter(spans.clone())
            .with_sampler(sampler)
            .build();
        let meter_provider = SdkMeterProvider::builder()
            // Metrics are collected only on request, however long the test takes.
            .with_reader(
                PeriodicReader::builder(metrics.clone())
                    .with_interval(Duration::from_secs(86_400))
                    .build(),
            )
            .build();
        Self {
            spans,
            metrics,
            tracer_provider,
            meter_provider,
        }
    }

    /// Returns the tracer provider for a layer.
    #[must_use]
    pub fn tracer_provider(&self) -> SdkTracerProvider {
        self.tracer_provider.clone()
    }

    /// Returns the meter provider for a layer.
    #[must_use]
    pub fn meter_provider(&self) -> SdkMeterProvider {
        self.meter_provider.clone()
    }

    /// Returns the ended spans, in the order of their end.
    #[must_use]
    pub fn spans(&self) -> Vec<SpanData> {
        self.spans.get_finished_spans().unwrap_or_default()
    }

    /// Returns the spans that ended since the last call, in the order of their end.
    #[must_use]
    pub fn take_spans(&self) -> Vec<SpanData> {
        let spans = self.spans();
        self.spans.reset();
        spans
    }

    /// Renders all ended spans as indented text, see [`tree::render`].
    #[must_use]
    pub fn tree(&self, masked: &[&str]) -> String {
        tree::render(self.spans().iter().map(node).collect(), masked)
    }

    /// The last value of every counter and up-down counter, and the count of every histogram, a line a
    /// series: `name{key=value,…} value`, sorted.
    #[must_use]
    pub fn metrics(&self) -> Vec<String> {
        self.measured(|count, _| format!("count={count}"))
    }

    /// Like [`Recorder::metrics`], with the sum of every histogram in the place of its count.
    #[must_use]
    pub fn sums(&self) -> Vec<String> {
        self.measured(|_, sum| format!("sum={sum}"))
    }

    /// Returns all metrics, as they are exported.
    #[must_use]
    pub fn resource_metrics(&self) -> Vec<ResourceMetrics> {
        self.metrics.reset();
        if self.meter_provider.force_flush().is_err() {
            return Vec::new();
        }
        self.metrics.get_finished_metrics().unwrap_or_default()
    }

    fn measured(&self, histogram: Show) -> Vec<String> {
        let metrics = self.resource_metrics();
        let mut lines: Vec<String> = metrics
            .iter()
            .flat_map(|resource| lines(resource, histogram))
            .filter(|line| !STARTS.contains(&line.as_str()))
            .collect();
        lines.sort();
        lines
    }
}

/// The series that exist from the start, before anything is counted.
const STARTS: &[&str] = &[
    "prompt_size{direction=input} 0",
    "prompt_size{direction=output} 0",
];

fn node(span: &SpanData) -> Node {
    let status = match &span.status {
        Status::Unset => String::new(),
        Status::Ok => "[ok]".to_owned(),
        Status::Error { description } if description.is_empty() => "[error]".to_owned(),
        Status::Error { description } => format!("[error: {description}]"),
    };
    let event = |event: &opentelemetry::trace::Event| (event.name.to_string(), attributes(&event.attributes));
    Node {
        id: span.span_context.span_id().to_bytes(),
        parent: span.parent_span_id.to_bytes(),
        start: span
            .start_time
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |start| start.as_nanos()),
        kind: format!("{:?}", span.span_kind),
        name: span.name.to_string(),
        status,
        attributes: attributes(&span.attributes),
        events: span.events.events.iter().map(event).collect(),
    }
}

fn attributes(attributes: &[KeyValue]) -> Vec<(String, String)> {
    let show = |attribute: &KeyValue| match &attribute.value {
        Value::String(text) => (attribute.key.to_string(), format!("{:?}", text.as_str())),
        other => (attribute.key.to_string(), other.to_string()),
    };
    attributes.iter().map(show).collect()
}

/// Selects what is shown of a histogram: its count or its sum.
type Show = fn(&dyn Display, &dyn Display) -> String;

fn lines(resource: &ResourceMetrics, histogram: Show) -> Vec<String> {
    let metrics = resource.scope_metrics().flat_map(|scope| scope.metrics());
    let series = |metric: &opentelemetry_sdk::metrics::data::Metric| match metric.data() {
        AggregatedMetrics::F64(data) => series(metric.name(), data, histogram),
        AggregatedMetrics::I64(data) => series(metric.name(), data, histogram),
        AggregatedMetrics::U64(data) => series(metric.name(), data, histogram),
    };
    metrics.flat_map(series).collect()
}

fn series<T: Copy + Display>(name: &str, data: &MetricData<T>, show: Show) -> Vec<String> {
    let line = |labels: Vec<&KeyValue>, value: String| {
        let mut labels: Vec<String> = labels
            .iter()
            .map(|label| format!("{}={}", label.key, label.value))
            .collect();
        labels.sort();
        format!("{name}{{{}}} {value}", labels.join(","))
    };
    match data {
        MetricData::Sum(sum) => sum
            .data_points()
            .map(|point| line(point.attributes().collect(), point.value().to_string()))
            .collect(),
        MetricData::Gauge(gauge) => gauge
            .data_points()
            .map(|point| line(point.attributes().collect(), point.value().to_string()))
            .collect(),
        MetricData::Histogram(histogram) => histogram
            .data_points()
            .map(|point| line(point.attributes().collect(), show(&point.count(), &point.sum())))
            .collect(),
        MetricData::ExponentialHistogram(histogram) => histogram
            .data_points()
            .map(|point| line(point.attributes().collect(), show(&point.count(), &point.sum())))
            .collect(),
    }
}
