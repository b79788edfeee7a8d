//! A recorder whose spans and metrics are held against conventions.

use std::collections::BTreeSet;

use opentelemetry::KeyValue;
use opentelemetry::trace::Status;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData};
use opentelemetry_sdk::trace::SpanData;

use super::attributes::Attributes;
use super::rules::{AttributeRule, Instrument, MetricRule};
use crate::noting;
use crate::recorder::Recorder;

/// The conventions of what a crate records.
pub trait Conventions {
    /// The metrics; there must be no others.
    fn metrics(&self) -> &'static [MetricRule];

    /// The keys that have no values but these.
    fn values(&self) -> &'static [(&'static str, &'static [&'static str])];

    /// What a span must be, by its kind and its attributes.
    fn span(&self, case: &str, span: &SpanData, attributes: &Attributes<'_>) -> ExpectedSpan;

    /// Panics if a span breaks a rule that no table has.
    fn check_span(&self, case: &str, span: &SpanData, attributes: &Attributes<'_>);

    /// Panics if the attributes of a span or of a metric break a rule that no table has.
    fn check_attributes(&self, case: &str, attributes: &Attributes<'_>);
}

/// What a span must be.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "tests make them")]
pub struct ExpectedSpan {
    /// The name.
    pub name: String,
    /// The name of the instrumentation scope.
    pub scope: &'static str,
    /// The attributes, in several lists.
    pub rules: &'static [&'static [AttributeRule]],
    /// The attributes that a sampler must see, if the span has them.
    pub at_creation: &'static [&'static str],
}

/// What the metrics hold together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetricTotals {
    /// The number of metrics.
    pub metrics: usize,
    /// The number of durations in all histograms of seconds.
    pub durations: u64,
    /// The sum of all up-down counters.
    pub active: i64,
}

/// A recorder, and the conventions to hold against what it recorded.
#[derive(Debug)]
pub struct ConventionChecker<C> {
    recorder: Recorder,
    conventions: C,
}

impl<C: Conventions> ConventionChecker<C> {
    /// A new recorder, and these conventions.
    pub fn new(conventions: C) -> Self {
        Self {
            recorder: Recorder::with_sampler(noting::sampler()),
            conventions,
        }
    }

    /// The recorder.
    #[must_use]
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// The spans that have ended since the last call, checked.
    #[must_use]
    pub fn take_spans(&self, case: &str) -> Vec<SpanData> {
        let spans = self.recorder.take_spans();
        spans.iter().for_each(|span| self.check_span(case, span));
        spans
    }

    /// Checks all metrics, and returns what they hold together.
    pub fn check_metrics(&self, case: &str) -> MetricTotals {
        let mut totals = MetricTotals::default();
        for resource in self.recorder.resource_metrics() {
            for metric in resource.scope_metrics().flat_map(|scope| scope.metrics()) {
                let (durations, active) = self.check_metric(case, metric);
                totals.metrics += 1;
                totals.durations += durations;
                totals.active += active;
            }
        }
        totals
    }

    fn check_span(&self, case: &str, span: &SpanData) {
        let (seen, recorded): (Vec<&KeyValue>, Vec<&KeyValue>) = span
            .attributes
            .iter()
            .partition(|attribute| attribute.key.as_str() == noting::SEEN);
        let attributes: Attributes<'_> = recorded.into_iter().collect();
        let failed = matches!(span.status, Status::Error { .. });
        let expected = self.conventions.span(case, span, &attributes);
        attributes.check(case, expected.rules, self.conventions.values(), Some(failed));
        self.conventions.check_attributes(case, &attributes);
        self.conventions.check_span(case, span, &attributes);
        assert_eq!(span.name, expected.name, "{case}: the name");
        assert_ne!(span.status, Status::Ok, "{case}: only an application says Ok");
        assert_eq!(span.dropped_attributes_count, 0, "{case}: room for all");
        assert_eq!(
            span.instrumentation_scope.name(),
            expected.scope,
            "{case}: the scope"
        );

        let [seen] = seen.as_slice() else {
            panic!("{case}: sampled once, not {seen:?}");
        };
        let seen = seen.value.as_str();
        let seen: BTreeSet<&str> = seen.split(' ').collect();
        for key in expected.at_creation {
            assert_eq!(
                seen.contains(key),
                attributes.has(key),
                "{case}: a sampler and {key}"
            );
        }
    }

    /// The durations that the metric holds, and the sum if it is an up-down counter.
    fn check_metric(&self, case: &str, metric: &Metric) -> (u64, i64) {
        let name = metric.name();
        let case = &format!("{case}: {name}");
        let rule = self.conventions.metrics().iter().find(|rule| rule.name == name);
        let rule = rule.unwrap_or_else(|| panic!("{case} is in no table"));
        assert_eq!(metric.unit(), rule.unit, "{case}: the unit");
        let description = rule.description.unwrap_or_else(|| metric.description());
        assert_eq!(metric.description(), description, "{case}: the description");
        assert!(!description.is_empty(), "{case}: a description");
        let check = |labels: Attributes<'_>| {
            labels.check(case, rule.labels, self.conventions.values(), None);
            self.conventions.check_attributes(case, &labels);
        };
        let (mut durations, mut active) = (0, 0);
        match (metric.data(), rule.instrument) {
            (AggregatedMetrics::F64(MetricData::Histogram(histogram)), Instrument::Seconds(buckets)) => {
                for point in histogram.data_points() {
                    check(point.attributes().collect());
                    assert_eq!(point.bounds().collect::<Vec<_>>(), buckets, "{case}: the buckets");
                    durations += point.count();
                }
            }
            (AggregatedMetrics::U64(MetricData::Histogram(histogram)), Instrument::Histogram(buckets)) => {
                for point in histogram.data_points() {
                    check(point.attributes().collect());
                    assert_eq!(point.bounds().collect::<Vec<_>>(), buckets, "{case}: the buckets");
                }
            }
            (AggregatedMetrics::U64(MetricData::Sum(sum)), Instrument::Counter) => {
                assert!(sum.is_monotonic(), "{case}: it only grows");
                sum.data_points()
                    .for_each(|point| check(point.attributes().collect()));
            }
            (AggregatedMetrics::I64(MetricData::Sum(sum)), Instrument::UpDownCounter) => {
                assert!(!sum.is_monotonic(), "{case}: it goes down too");
                for point in sum.data_points() {
                    check(point.attributes().collect());
                    assert!(point.value() >= 0, "{case}: never below zero");
                    active += point.value();
                }
            }
            (data, instrument) => panic!("{case}: {data:?} for {instrument:?}"),
        }
        (durations, active)
    }
}
