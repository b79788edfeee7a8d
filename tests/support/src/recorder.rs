//! A tracer and meter provider that remember, and print what they saw as text that compares whole.

use std::collections::HashMap;
use std::fmt::Write as _;

use opentelemetry::trace::{SpanId, Status};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracerProvider, SpanData};

/// Providers for a layer under test, and what they received.
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
    /// A recorder that samples every span.
    #[must_use]
    pub fn new() -> Self {
        Self::with_sampler(Sampler::AlwaysOn)
    }

    /// A recorder with a sampler.
    #[must_use]
    pub fn with_sampler(sampler: Sampler) -> Self {
        let spans = InMemorySpanExporter::default();
        let metrics = InMemoryMetricExporter::default();
        let tracer_provider = SdkTracerProvider::builder()
            .with_simple_exporter(spans.clone())
            .with_sampler(sampler)
            .build();
        let meter_provider = SdkMeterProvider::builder()
            .with_reader(PeriodicReader::builder(metrics.clone()).build())
            .build();
        Self {
            spans,
            metrics,
            tracer_provider,
            meter_provider,
        }
    }

    /// The tracer provider to give to a layer.
    #[must_use]
    pub fn tracer_provider(&self) -> SdkTracerProvider {
        self.tracer_provider.clone()
    }

    /// The meter provider to give to a layer.
    #[must_use]
    pub fn meter_provider(&self) -> SdkMeterProvider {
        self.meter_provider.clone()
    }

    /// The spans that have ended, in the order in which they ended.
    #[must_use]
    pub fn spans(&self) -> Vec<SpanData> {
        self.spans.get_finished_spans().unwrap_or_default()
    }

    /// Every ended span as an indented text: kind, name, attributes sorted by key, events, status.
    ///
    /// Children stand under their parents in the order in which they started. A span whose parent is remote or was
    /// not recorded is a root. Of the keys in `masked`, only the presence is shown (`key=_`).
    #[must_use]
    pub fn tree(&self, masked: &[&str]) -> String {
        let mut spans = self.spans();
        spans.sort_by_key(|span| span.start_time);
        let mut children: HashMap<SpanId, Vec<usize>> = HashMap::new();
        let mut roots = Vec::new();
        for (index, span) in spans.iter().enumerate() {
            let is_parent = |other: &SpanData| other.span_context.span_id() == span.parent_span_id;
            if spans.iter().any(is_parent) {
                children.entry(span.parent_span_id).or_default().push(index);
            } else {
                roots.push(index);
            }
        }
        let mut text = String::new();
        let mut stack: Vec<(usize, usize)> = roots.into_iter().rev().map(|root| (root, 0)).collect();
        while let Some((index, depth)) = stack.pop() {
            let Some(span) = spans.get(index) else { continue };
            write_span(&mut text, span, depth, masked);
            let below = children.get(&span.span_context.span_id()).into_iter().flatten();
            stack.extend(below.rev().map(|&child| (child, depth + 1)));
        }
        text
    }

    /// The last value of every counter and up-down counter, and the count of every histogram, a line a series:
    /// `name{key=value,…} value`, sorted.
    #[must_use]
    pub fn metrics(&self) -> Vec<String> {
        self.metrics.reset();
        if self.meter_provider.force_flush().is_err() {
            return Vec::new();
        }
        let mut lines: Vec<String> = self
            .metrics
            .get_finished_metrics()
            .unwrap_or_default()
            .iter()
            .flat_map(lines)
            .collect();
        lines.sort();
        lines
    }
}

fn write_span(text: &mut String, span: &SpanData, depth: usize, masked: &[&str]) {
    let indent = "  ".repeat(depth);
    let _ = write!(text, "{indent}{:?} {}", span.span_kind, span.name);
    match &span.status {
        Status::Unset => {}
        Status::Ok => text.push_str(" [ok]"),
        Status::Error { description } if description.is_empty() => text.push_str(" [error]"),
        Status::Error { description } => {
            let _ = write!(text, " [error: {description}]");
        }
    }
    text.push('\n');
    for line in attributes(&span.attributes, masked) {
        let _ = writeln!(text, "{indent}  - {line}");
    }
    for event in &span.events.events {
        let _ = writeln!(
            text,
            "{indent}  ! {} {}",
            event.name,
            attributes(&event.attributes, masked).join(" ")
        );
    }
}

fn attributes(attributes: &[KeyValue], masked: &[&str]) -> Vec<String> {
    let show = |attribute: &KeyValue| {
        let key = attribute.key.as_str();
        match &attribute.value {
            _ if masked.contains(&key) => format!("{key}=_"),
            Value::String(text) => format!("{key}={:?}", text.as_str()),
            other => format!("{key}={other}"),
        }
    };
    let mut lines: Vec<String> = attributes.iter().map(show).collect();
    lines.sort();
    lines
}

fn lines(resource: &ResourceMetrics) -> Vec<String> {
    let metrics = resource.scope_metrics().flat_map(|scope| scope.metrics());
    let series = |metric: &opentelemetry_sdk::metrics::data::Metric| match metric.data() {
        AggregatedMetrics::F64(data) => series(metric.name(), data),
        AggregatedMetrics::I64(data) => series(metric.name(), data),
        AggregatedMetrics::U64(data) => series(metric.name(), data),
    };
    metrics.flat_map(series).collect()
}

fn series<T: Copy + std::fmt::Display>(name: &str, data: &MetricData<T>) -> Vec<String> {
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
            .map(|point| line(point.attributes().collect(), format!("count={}", point.count())))
            .collect(),
        MetricData::ExponentialHistogram(histogram) => histogram
            .data_points()
            .map(|point| line(point.attributes().collect(), format!("count={}", point.count())))
            .collect(),
    }
}
