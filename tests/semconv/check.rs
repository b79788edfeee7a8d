//! Compares recorded telemetry with the registry.

use std::collections::BTreeSet;

use opentelemetry::trace::SpanKind;
use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData};
use opentelemetry_sdk::trace::SpanData;
use throughline_test_support::noting;

use crate::registry::{Group, Instrument, Kind, Level, Registry, Simple, Type};

/// The parts of the registry that were recorded: groups and their attributes.
pub(crate) type Seen = BTreeSet<(String, String)>;

/// Namespaces of other conventions.
const FOREIGN: [&str; 12] = [
    "aws.",
    "azure.",
    "client.",
    "error.",
    "exception.",
    "gen_ai.",
    "http.",
    "network.",
    "openai.",
    "server.",
    "url.",
    "user_agent.",
];

/// Returns the groups of a span's attributes.
pub(crate) fn groups<'a>(registry: &'a Registry, span: &SpanData) -> Vec<&'a Group> {
    let has_operation = attribute(span, "gen_ai.operation.name").is_some();
    let groups: &[&str] = match (&span.span_kind, has_operation, span.name.as_ref()) {
        (SpanKind::Internal, true, _) => &["attributes.throughline.scope"],
        (SpanKind::Internal, false, "graph.execute") => &["span.tinyllm.graph"],
        (SpanKind::Internal, false, name) if name.starts_with("node.") => &["span.tinyllm.node"],
        (SpanKind::Client, true, _) => &[
            "attributes.throughline.model_call",
            "attributes.tinyllm.model_call",
            "attributes.taskweaver.model_call",
        ],
        (SpanKind::Client | SpanKind::Server, false, _) => &["attributes.throughline.http"],
        (kind, ..) => panic!(
            "{kind:?} {}: no group of the registry is of such spans",
            span.name
        ),
    };
    groups.iter().map(|id| registry.group(id)).collect()
}

fn attribute(span: &SpanData, key: &str) -> Option<String> {
    let found = span
        .attributes
        .iter()
        .find(|attribute| attribute.key.as_str() == key);
    found.map(|attribute| attribute.value.as_str().into_owned())
}

/// Checks a span and its events.
pub(crate) fn span(registry: &Registry, span: &SpanData, seen: &mut Seen) {
    let at_creation = attribute(span, noting::SEEN).expect("a sampled span");
    let at_creation: Vec<&str> = at_creation.split(' ').collect();
    let groups = groups(registry, span);
    let recorded: Vec<&KeyValue> = span
        .attributes
        .iter()
        .filter(|attribute| attribute.key.as_str() != noting::SEEN)
        .collect();
    attributes(registry, &span.name, &groups, &recorded, seen);
    for reference in groups.iter().flat_map(|group| group.references()) {
        let is_recorded = recorded
            .iter()
            .any(|attribute| attribute.key.as_str() == reference.name);
        assert!(
            !is_recorded || at_creation.contains(&reference.name.as_str()) == reference.sampling_relevant,
            "{}: whether a sampler sees {}",
            span.name,
            reference.name
        );
    }
    for group in groups.iter().filter(|group| group.kind == Kind::Span) {
        let kind = format!("{:?}", span.span_kind).to_lowercase();
        assert_eq!(
            group.span_kind.as_deref(),
            Some(kind.as_str()),
            "{}: the kind",
            span.name
        );
    }
    for event in &span.events.events {
        let is_event = |group: &&Group| group.name.as_deref() == Some(event.name.as_ref());
        let group = registry.groups.iter().find(is_event);
        let group =
            group.unwrap_or_else(|| panic!("{}: the event {} is not in the registry", span.name, event.name));
        let recorded: Vec<&KeyValue> = event.attributes.iter().collect();
        attributes(registry, &event.name, &[group], &recorded, seen);
    }
}

/// Checks one of our metrics. For other metrics, checks only that the conventions define them.
pub(crate) fn metric(registry: &Registry, metric: &Metric, seen: &mut Seen) {
    let name = metric.name();
    let group = registry
        .groups
        .iter()
        .find(|group| group.name.as_deref() == Some(name));
    let Some(group) = group else {
        let is_foreign = FOREIGN.iter().any(|namespace| name.starts_with(namespace));
        assert!(is_foreign, "the metric {name} is not in the registry");
        return;
    };
    let unit = group.unit.as_deref();
    assert_eq!(Some(metric.unit()), unit, "{name}: the unit");
    assert_eq!(metric.description(), group.brief, "{name}: the description");
    let (value, (instrument, points)) = match metric.data() {
        AggregatedMetrics::F64(data) => ("double", shape(data)),
        AggregatedMetrics::I64(data) => ("int", shape(data)),
        AggregatedMetrics::U64(data) => ("int", shape(data)),
    };
    assert_eq!(Some(instrument), group.instrument, "{name}: the instrument");
    let expected = group.annotations.as_ref().expect("a type of value");
    assert_eq!(
        value, expected.code_generation.metric_value_type,
        "{name}: the type"
    );
    assert!(!points.is_empty(), "{name}: no point");
    for point in points {
        attributes(registry, name, &[group], &point, seen);
    }
}

/// Returns the instrument of a metric, and the labels of its points.
fn shape<T>(data: &MetricData<T>) -> (Instrument, Vec<Vec<&KeyValue>>) {
    match data {
        MetricData::Gauge(gauge) => {
            let points = gauge.data_points().map(|point| point.attributes().collect());
            (Instrument::Gauge, points.collect())
        }
        MetricData::Sum(sum) => {
            let instrument = if sum.is_monotonic() {
                Instrument::Counter
            } else {
                Instrument::UpDownCounter
            };
            (
                instrument,
                sum.data_points()
                    .map(|point| point.attributes().collect())
                    .collect(),
            )
        }
        MetricData::Histogram(histogram) => {
            let points = histogram.data_points().map(|point| point.attributes().collect());
            (Instrument::Histogram, points.collect())
        }
        MetricData::ExponentialHistogram(_) => panic!("no instrument of ours has such a histogram"),
    }
}

/// Only attributes of the groups or of the conventions, each of its type and with a value that it may have;
/// and all that are required.
fn attributes(registry: &Registry, case: &str, groups: &[&Group], recorded: &[&KeyValue], seen: &mut Seen) {
    let definitions = registry.attributes();
    for attribute in recorded {
        let key = attribute.key.as_str();
        let Some(group) = groups.iter().find(|group| group.reference(key).is_some()) else {
            let is_foreign = FOREIGN.iter().any(|namespace| key.starts_with(namespace));
            assert!(
                is_foreign,
                "{case}: {key} is not in {:?}",
                groups.iter().map(|group| &group.id).collect::<Vec<_>>()
            );
            continue;
        };
        seen.insert((group.id.clone(), key.to_owned()));
        let Some(definition) = definitions.get(key) else {
            continue;
        };
        let kind = match &attribute.value {
            Value::Bool(_) => Simple::Boolean,
            Value::F64(_) => Simple::Double,
            Value::I64(_) => Simple::Int,
            Value::String(_) => Simple::String,
            Value::Array(Array::String(_)) => Simple::Strings,
            other => panic!("{case}: {key} is {other:?}"),
        };
        assert_eq!(kind, definition.kind.simple(), "{case}: the type of {key}");
        if let Type::Enum { members } = &definition.kind {
            let value = attribute.value.as_str();
            let is_member = members.iter().any(|member| member.value == value);
            assert!(is_member, "{case}: {key} has no member {value:?}");
        }
    }
    for reference in groups.iter().flat_map(|group| group.references()) {
        let is_recorded = recorded
            .iter()
            .any(|attribute| attribute.key.as_str() == reference.name);
        assert!(
            is_recorded || reference.requirement_level != Level::Required,
            "{case}: {} is required",
            reference.name
        );
    }
}
