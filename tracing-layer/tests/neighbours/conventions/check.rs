//! Witnesses telemetry, and compares it with the tables.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use opentelemetry::trace::{Link, SpanKind, Status, TraceId};
use opentelemetry::{Array, Context, KeyValue, Value};
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric as Measured, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{
    InMemorySpanExporter, SamplingDecision, SamplingResult, SdkTracerProvider, ShouldSample, SpanData,
};

use super::table::{
    CLIENT_AT_CREATION, CLIENT_SPAN, DURATION_BUCKETS, Instrument, METHODS, METRICS, Need, Rule,
    SERVER_AT_CREATION, SERVER_SPAN, Type, VERSIONS,
};

/// Providers that keep what they get, and what a sampler saw of it.
pub(super) struct Witness {
    spans: InMemorySpanExporter,
    metrics: InMemoryMetricExporter,
    tracer_provider: SdkTracerProvider,
    meter_provider: SdkMeterProvider,
}

/// Takes every span, and notes on it what it was given.
#[derive(Debug, Clone)]
struct Notes;

impl ShouldSample for Notes {
    fn should_sample(
        &self,
        _: Option<&Context>,
        _: TraceId,
        _: &str,
        _: &SpanKind,
        attributes: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        let keys: Vec<&str> = attributes
            .iter()
            .map(|attribute| attribute.key.as_str())
            .collect();
        SamplingResult {
            decision: SamplingDecision::RecordAndSample,
            attributes: vec![KeyValue::new(SEEN, keys.join(" "))],
            trace_state: opentelemetry::trace::TraceState::default(),
        }
    }
}

/// The attribute that [`Notes`] adds.
const SEEN: &str = "test.seen";

impl Witness {
    pub(super) fn new() -> Self {
        let spans = InMemorySpanExporter::default();
        let metrics = InMemoryMetricExporter::default();
        Self {
            tracer_provider: SdkTracerProvider::builder()
                .with_simple_exporter(spans.clone())
                .with_sampler(Notes)
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
        let deadline = Instant::now() + crate::PATIENCE;
        loop {
            let spans = self.spans.get_finished_spans().unwrap_or_default();
            assert!(spans.len() <= count, "{case}: {count} spans, not {}", spans.len());
            if spans.len() == count {
                self.spans.reset();
                spans.iter().for_each(|span| check_span(case, span));
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

    /// Whether a span has ended that was not asked for yet.
    pub(super) fn has_ended(&self) -> bool {
        !self.spans.get_finished_spans().unwrap_or_default().is_empty()
    }

    /// How long the next span that ends is.
    pub(super) async fn length(&self, case: impl std::fmt::Debug) -> Duration {
        let deadline = Instant::now() + crate::PATIENCE;
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
                let (counted, still) = check_metric(metric);
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
        .filter(|attribute| attribute.key.as_str() != SEEN)
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

fn find<'a>(attributes: &[&'a KeyValue], key: &str) -> Option<&'a Value> {
    let found = attributes.iter().find(|attribute| attribute.key.as_str() == key);
    found.map(|attribute| &attribute.value)
}

fn text(attributes: &[&KeyValue], key: &str) -> Option<String> {
    find(attributes, key).map(|value| value.as_str().into_owned())
}

fn check_span(case: &str, span: &SpanData) {
    let (rules, at_creation, error_from) = match span.span_kind {
        SpanKind::Server => (SERVER_SPAN, SERVER_AT_CREATION, 500),
        SpanKind::Client => (CLIENT_SPAN, CLIENT_AT_CREATION, 400),
        ref other => panic!("{case}: a span of kind {other:?}"),
    };
    let all: Vec<&KeyValue> = span
        .attributes
        .iter()
        .filter(|attribute| attribute.key.as_str() != SEEN)
        .collect();
    let failed = match &span.status {
        Status::Unset => false,
        Status::Error { description } if description.is_empty() => true,
        status => panic!("{case}: a status that no convention has: {status:?}"),
    };
    check_attributes(case, &all, rules);
    for (key, _, need) in rules {
        let there = find(&all, key).is_some();
        match need {
            Need::IfFailed => assert_eq!(there, failed, "{case}: {key}"),
            Need::IfOther => {
                let other = text(&all, "http.request.method").as_deref() == Some("_OTHER");
                assert_eq!(there, other, "{case}: {key}");
            }
            _ => {}
        }
    }
    check_values(case, &all);
    if let Some(Value::I64(status)) = find(&all, "http.response.status_code") {
        if *status >= error_from {
            assert_eq!(
                text(&all, "error.type"),
                Some(status.to_string()),
                "{case}: the code explains it"
            );
        }
    }
    let method = text(&all, "http.request.method").expect("required");
    let method = if method == "_OTHER" { "HTTP" } else { &method };
    let target = text(&all, "http.route").or_else(|| text(&all, "url.template"));
    let name = target.map_or_else(|| method.to_owned(), |target| format!("{method} {target}"));
    assert_eq!(span.name, name, "{case}: the name");
    let seen = span
        .attributes
        .iter()
        .find(|attribute| attribute.key.as_str() == SEEN);
    let seen = seen.expect("sampled").value.as_str().into_owned();
    let seen: BTreeSet<&str> = seen.split(' ').collect();
    for key in at_creation {
        assert_eq!(
            seen.contains(key),
            find(&all, key).is_some(),
            "{case}: a sampler and {key}"
        );
    }
    let scope = &span.instrumentation_scope;
    assert_eq!(scope.name(), "throughline-tracing-layer", "{case}: the scope");
    assert_eq!(
        scope.schema_url(),
        Some("https://opentelemetry.io/schemas/1.44.0"),
        "{case}: the schema"
    );
    assert_eq!(span.dropped_attributes_count, 0, "{case}: room for all");
}

/// Only attributes of the table, each once and of its type, and all that are required.
fn check_attributes(case: &str, all: &[&KeyValue], rules: &[Rule]) {
    for attribute in all {
        let key = attribute.key.as_str();
        let twice = all.iter().filter(|other| other.key.as_str() == key).count();
        assert_eq!(twice, 1, "{case}: {key} once");
        let rule = rules.iter().find(|(name, ..)| *name == key);
        let (_, expected, _) = rule.unwrap_or_else(|| panic!("{case}: {key} is in no table"));
        let found = match &attribute.value {
            Value::String(_) => Type::Text,
            Value::I64(_) => Type::Int,
            Value::F64(_) => Type::Double,
            Value::Array(Array::String(_)) => Type::Texts,
            other => panic!("{case}: {key} is {other:?}"),
        };
        assert_eq!(found, *expected, "{case}: the type of {key}");
        let may_be_empty = ["url.path", "url.query", "user_agent.original"].contains(&key);
        assert!(
            may_be_empty || !attribute.value.as_str().is_empty(),
            "{case}: {key} is empty"
        );
    }
    for (key, _, need) in rules {
        let needed = match need {
            Need::Required => true,
            Need::With(other) => find(all, other).is_some(),
            _ => false,
        };
        assert!(
            !needed || find(all, key).is_some(),
            "{case}: {key} is missing in {all:?}"
        );
    }
}

/// The values that have no choice, on spans and on metrics.
fn check_values(case: &str, all: &[&KeyValue]) {
    let one_of = |key: &str, allowed: &[&str]| {
        if let Some(value) = text(all, key) {
            assert!(allowed.contains(&value.as_str()), "{case}: {key}={value}");
        }
    };
    one_of("http.request.method", &METHODS);
    one_of("network.protocol.version", &VERSIONS);
    one_of("url.scheme", &["http", "https"]);
    if let Some(class) = text(all, "error.type") {
        let bounded = class.len() <= 80 && !class.contains(char::is_whitespace);
        assert!(bounded, "{case}: a class, not a text: {class}");
    }
    for secret in ["s3cr3t", "authorization", "cookie"] {
        let told = all
            .iter()
            .find(|attribute| format!("{attribute:?}").contains(secret));
        assert!(told.is_none(), "{case}: a secret in {told:?}");
    }
}

fn check_metric(metric: &Measured) -> (u64, i64) {
    let name = metric.name();
    let rule = METRICS.iter().find(|rule| rule.name == name);
    let rule = rule.unwrap_or_else(|| panic!("{name} is in no table"));
    assert_eq!(metric.unit(), rule.unit, "{name}: the unit");
    assert_eq!(metric.description(), rule.description, "{name}: the description");
    let check = |labels: Vec<&KeyValue>| {
        check_attributes(name, &labels, rule.labels);
        check_values(name, &labels);
    };
    match (metric.data(), rule.instrument) {
        (AggregatedMetrics::F64(MetricData::Histogram(histogram)), Instrument::Duration) => {
            let mut count = 0;
            for point in histogram.data_points() {
                check(point.attributes().collect());
                let bounds: Vec<f64> = point.bounds().collect();
                assert_eq!(bounds, DURATION_BUCKETS, "{name}: the buckets");
                count += point.count();
            }
            (count, 0)
        }
        (AggregatedMetrics::U64(MetricData::Histogram(histogram)), Instrument::Bytes) => {
            for point in histogram.data_points() {
                check(point.attributes().collect());
            }
            (0, 0)
        }
        (AggregatedMetrics::I64(MetricData::Sum(sum)), Instrument::UpDownCounter) => {
            assert!(!sum.is_monotonic(), "{name}: goes down too");
            let mut active = 0;
            for point in sum.data_points() {
                check(point.attributes().collect());
                assert!(point.value() >= 0, "{name}: never below zero");
                active += point.value();
            }
            (0, active)
        }
        (data, instrument) => panic!("{name}: {data:?} for {instrument:?}"),
    }
}
