//! Compares spans and metrics with the tables.

use std::collections::BTreeSet;

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric as Measured, MetricData};
use opentelemetry_sdk::trace::SpanData;
use throughline_test_support::noting;

use super::table::{
    CLIENT_AT_CREATION, CLIENT_SPAN, DURATION_BUCKETS, Instrument, METHODS, METRICS, Need, Rule,
    SERVER_AT_CREATION, SERVER_SPAN, Type, VERSIONS,
};

/// Checks a span: its name, its status, its attributes, and what a sampler saw of them.
pub(super) fn span(case: &str, span: &SpanData) {
    let (rules, at_creation, error_from) = match span.span_kind {
        SpanKind::Server => (SERVER_SPAN, SERVER_AT_CREATION, 500),
        SpanKind::Client => (CLIENT_SPAN, CLIENT_AT_CREATION, 400),
        ref other => panic!("{case}: a span of kind {other:?}"),
    };
    let all: Vec<&KeyValue> = span
        .attributes
        .iter()
        .filter(|attribute| attribute.key.as_str() != noting::SEEN)
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
        .find(|attribute| attribute.key.as_str() == noting::SEEN);
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

/// Checks a metric, and returns how many durations it holds and how many requests are active.
pub(super) fn metric(metric: &Measured) -> (u64, i64) {
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
        let secret = all
            .iter()
            .find(|attribute| format!("{attribute:?}").contains(secret));
        assert!(secret.is_none(), "{case}: a secret in {secret:?}");
    }
}

fn find<'a>(attributes: &[&'a KeyValue], key: &str) -> Option<&'a Value> {
    let found = attributes.iter().find(|attribute| attribute.key.as_str() == key);
    found.map(|attribute| &attribute.value)
}

fn text(attributes: &[&KeyValue], key: &str) -> Option<String> {
    find(attributes, key).map(|value| value.as_str().into_owned())
}
