//! What the layers record, checked and shown as text.

use std::fmt::{Debug, Display};
use std::time::Duration;

use opentelemetry::trace::Status;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData};
use throughline_test_support::conventions::ConventionChecker;
use throughline_test_support::{TEST_TIMEOUT, noting, poll_until};

use super::check::Http;

/// Providers whose spans and metrics are checked.
pub(super) struct Witness(ConventionChecker<Http>);

impl Witness {
    pub(super) fn new() -> Self {
        Self(ConventionChecker::new(Http))
    }

    pub(super) fn tracer_provider(&self) -> SdkTracerProvider {
        self.0.recorder().tracer_provider()
    }

    pub(super) fn meter_provider(&self) -> SdkMeterProvider {
        self.0.recorder().meter_provider()
    }

    /// The next span that ends, checked: its name, whether it failed, and its attributes as text.
    pub(super) async fn span(&self, case: &str) -> String {
        self.spans(1, case).await.remove(0)
    }

    /// The next spans that end, checked.
    pub(super) async fn spans(&self, count: usize, case: &str) -> Vec<String> {
        let what = format!("{case}: {count} spans");
        let all_ended = async || (self.0.recorder().spans().len() >= count).then_some(());
        poll_until(what, TEST_TIMEOUT, all_ended).await;
        let spans = self.0.take_spans(case);
        assert_eq!(spans.len(), count, "{case}: no more spans than {count}");
        spans.iter().map(show).collect()
    }

    /// Waits until a request is active.
    pub(super) async fn request(&self, case: &str) {
        let is_active = async || (self.check_metrics().1 > 0).then_some(());
        poll_until(format!("{case}: a request"), TEST_TIMEOUT, is_active).await;
    }

    /// Whether a span has ended.
    pub(super) fn has_spans(&self) -> bool {
        !self.0.recorder().spans().is_empty()
    }

    /// How long the next span that ends is.
    pub(super) async fn length(&self, case: impl Debug) -> Duration {
        let first = async || self.0.recorder().spans().into_iter().next();
        let span = poll_until(format!("{case:?}: a span"), TEST_TIMEOUT, first).await;
        span.end_time.duration_since(span.start_time).expect("forward")
    }

    /// The sum of a histogram.
    pub(super) fn sum(&self, name: &str) -> f64 {
        let resources = self.0.recorder().resource_metrics();
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
        let totals = self.0.check_metrics("all metrics");
        (totals.durations, totals.active)
    }
}

fn show(span: &SpanData) -> String {
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
