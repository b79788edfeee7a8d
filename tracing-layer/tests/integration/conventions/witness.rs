//! Witnesses telemetry, and has it checked.

use std::fmt::Display;
use std::time::{Duration, Instant};

use opentelemetry::trace::Status;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use throughline_test_support::noting;

use super::check;
use crate::PATIENCE;

/// Providers that keep what they get, and what a sampler saw of it.
pub(super) struct Witness {
    spans: InMemorySpanExporter,
    metrics: InMemoryMetricExporter,
    tracer_provider: SdkTracerProvider,
    meter_provider: SdkMeterProvider,
}

impl Witness {
    pub(super) fn new() -> Self {
        let spans = InMemorySpanExporter::default();
        let metrics = InMemoryMetricExporter::default();
        Self {
            tracer_provider: SdkTracerProvider::builder()
                .with_simple_exporter(spans.clone())
                .with_sampler(noting::sampler())
                .build(),
            meter_provider: SdkMeterProvider::builder()
                .with_reader(
                    PeriodicReader::builder(metrics.clone())
                        .with_interval(Duration::from_secs(86_400))
                        .build(),
                )
                .build(),
            spans,
            metrics,
        }
    }

    pub(super) fn tracer_provider(&self) -> SdkTracerProvider {
        self.tracer_provider.clone()
    }

    pub(super) fn meter_provider(&self) -> SdkMeterProvider {
        self.meter_provider.clone()
    }

    /// The next span that ends, checked: its name, whether it failed, and its attributes as text.
    pub(super) async fn span(&self, case: &str) -> String {
        self.spans(1, case).await.remove(0)
    }

    /// The next spans that end, checked.
    pub(super) async fn spans(&self, count: usize, case: &str) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let spans = self.spans.get_finished_spans().unwrap_or_default();
            assert!(spans.len() <= count, "{case}: {count} spans, not {}", spans.len());
            if spans.len() == count {
                self.spans.reset();
                spans.iter().for_each(|span| check::span(case, span));
                return spans.iter().map(shown).collect();
            }
            assert!(
                Instant::now() < deadline,
                "{case}: {count} spans, not {}",
                spans.len()
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Waits until a request is active.
    pub(super) async fn request(&self, case: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.check_metrics().1 == 0 {
            assert!(Instant::now() < deadline, "{case}: no request");
            tokio::task::yield_now().await;
        }
    }

    /// Whether a span has ended.
    pub(super) fn has_spans(&self) -> bool {
        !self.spans.get_finished_spans().unwrap_or_default().is_empty()
    }

    /// How long the next span that ends is.
    pub(super) async fn length(&self, case: impl std::fmt::Debug) -> Duration {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let spans = self.spans.get_finished_spans().unwrap_or_default();
            if let Some(span) = spans.first() {
                return span.end_time.duration_since(span.start_time).expect("forward");
            }
            assert!(Instant::now() < deadline, "{case:?}: no span");
            tokio::task::yield_now().await;
        }
    }

    /// The sum of a histogram.
    pub(super) fn sum(&self, name: &str) -> f64 {
        self.metrics.reset();
        self.meter_provider.force_flush().expect("flushed");
        let resources = self.metrics.get_finished_metrics().expect("metrics");
        let metrics = resources.iter().flat_map(|resource| resource.scope_metrics());
        let named = metrics
            .flat_map(|scope| scope.metrics())
            .filter(|metric| metric.name() == name);
        named
            .map(|metric| match metric.data() {
                AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
                    histogram.data_points().map(|point| point.sum()).sum::<f64>()
                }
                AggregatedMetrics::U64(MetricData::Histogram(histogram)) => {
                    histogram.data_points().map(|point| point.sum() as f64).sum()
                }
                data => panic!("{name}: {data:?}"),
            })
            .sum()
    }

    /// Checks all metrics, and returns how many durations they hold and how many requests are active.
    pub(super) fn check_metrics(&self) -> (u64, i64) {
        self.metrics.reset();
        self.meter_provider.force_flush().expect("flushed");
        let resources = self.metrics.get_finished_metrics().expect("metrics");
        let (mut durations, mut active) = (0, 0);
        for metric in resources.iter().flat_map(|resource| resource.scope_metrics()) {
            for metric in metric.metrics() {
                let (counted, still) = check::metric(metric);
                durations += counted;
                active += still;
            }
        }
        (durations, active)
    }
}

fn shown(span: &SpanData) -> String {
    let mut lines: Vec<String> = span
        .attributes
        .iter()
        .filter(|attribute| attribute.key.as_str() != noting::SEEN)
        .map(|attribute| format!("{}={}", attribute.key, attribute.value))
        .collect();
    lines.sort();
    let failed = if span.status == Status::Unset {
        ""
    } else {
        " [error]"
    };
    format!("{}{failed}\n{}\n", span.name, lines.join("\n"))
}

/// Whether each of these lines is one of what is shown.
pub(super) fn assert_lines<'a>(case: impl Display, shown: &str, lines: impl IntoIterator<Item = &'a str>) {
    for line in lines {
        let is_shown = shown.lines().any(|shown| shown == line);
        assert!(is_shown, "{case}: {line} in\n{shown}");
    }
}
