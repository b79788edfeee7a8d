//! Witnesses telemetry, and compares it with the tables.

use std::collections::BTreeSet;
use std::time::Duration;

use opentelemetry::trace::Status;
use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric as Measured, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use serde_json::Value as Json;
use throughline_llm_layer::settle;
use throughline_test_support::noting;

use super::table::{
    AGENT, ANSWERED, AT_CREATION, EMBEDDINGS, INFERENCE, Instrument, METRICS, Need, Rule, TOOL, Type, VALUES,
    WORKFLOW,
};

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
        let tracer_provider = SdkTracerProvider::builder()
            .with_simple_exporter(spans.clone())
            .with_sampler(noting::sampler());
        let reader = PeriodicReader::builder(metrics.clone())
            .with_interval(Duration::from_secs(86_400))
            .build();
        Self {
            tracer_provider: tracer_provider.build(),
            meter_provider: SdkMeterProvider::builder().with_reader(reader).build(),
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

    /// The spans that ended, checked.
    pub(super) fn spans(&self, case: &str) -> Vec<SpanData> {
        assert!(settle(Duration::from_secs(60)), "{case}: recorded in time");
        let spans = self.spans.get_finished_spans().unwrap_or_default();
        spans.iter().for_each(|span| check_span(case, span));
        spans
    }

    /// Checks all metrics.
    pub(super) fn check_metrics(&self, case: &str) {
        self.meter_provider.force_flush().expect("flushed");
        let resources = self.metrics.get_finished_metrics().expect("metrics");
        let scopes = resources.iter().flat_map(|resource| resource.scope_metrics());
        let metrics: Vec<&Measured> = scopes.flat_map(|scope| scope.metrics()).collect();
        assert!(!metrics.is_empty(), "{case}: metrics");
        metrics.into_iter().for_each(|metric| check_metric(case, metric));
    }
}

/// Checks that a call says what every answered call must say.
pub(super) fn all_answered(case: &str, span: &SpanData) {
    for key in ANSWERED {
        let there = span
            .attributes
            .iter()
            .any(|attribute| attribute.key.as_str() == *key);
        assert!(there, "{case}: {key} is missing in {:?}", span.attributes);
    }
}

fn check_span(case: &str, span: &SpanData) {
    let (seen, all): (Vec<&KeyValue>, Vec<&KeyValue>) = span
        .attributes
        .iter()
        .partition(|attribute| attribute.key.as_str() == noting::SEEN);
    let operation = text(&all, "gen_ai.operation.name").expect("required");
    let (rules, target) = match operation.as_str() {
        "embeddings" => (EMBEDDINGS, "gen_ai.request.model"),
        "execute_tool" => (TOOL, "gen_ai.tool.name"),
        "invoke_agent" => (AGENT, "gen_ai.agent.name"),
        "invoke_workflow" => (WORKFLOW, "gen_ai.workflow.name"),
        _ => (INFERENCE, "gen_ai.request.model"),
    };
    let failed = matches!(span.status, Status::Error { .. });
    assert_ne!(span.status, Status::Ok, "{case}: only an application says Ok");
    check_attributes(case, &all, &[rules], Some(failed));
    check_usage(case, &all);
    let name = text(&all, target).map_or_else(|| operation.clone(), |target| format!("{operation} {target}"));
    assert_eq!(span.name, name, "{case}: the name");
    let seen = seen[0].value.as_str().into_owned();
    let seen: BTreeSet<&str> = seen.split(' ').collect();
    for key in AT_CREATION {
        assert_eq!(
            seen.contains(key),
            find(&all, key).is_some(),
            "{case}: a sampler and {key}"
        );
    }
    let scope = &span.instrumentation_scope;
    let crate_name = match &*operation {
        "invoke_agent" | "execute_tool" | "invoke_workflow" => "throughline-agents",
        _ => "throughline-llm-layer",
    };
    assert_eq!(scope.name(), crate_name, "{case}: the scope");
    assert!(
        scope
            .schema_url()
            .is_some_and(|url| url.starts_with("https://opentelemetry.io/schemas/gen-ai/")),
        "{case}: the schema"
    );
}

/// Only attributes of the tables, each once, of its type and with a value that it may have; and all that are required.
fn check_attributes(case: &str, all: &[&KeyValue], tables: &[&[Rule]], failed: Option<bool>) {
    let rules = || tables.iter().copied().flatten();
    for attribute in all {
        let key = attribute.key.as_str();
        let twice = all.iter().filter(|other| other.key.as_str() == key).count();
        assert_eq!(twice, 1, "{case}: {key} once");
        if key.starts_with("http.response.header.") {
            continue;
        }
        let rule = rules().find(|(name, ..)| *name == key);
        let (_, expected, _) = rule.unwrap_or_else(|| panic!("{case}: {key} is in no table"));
        let fits = match (&attribute.value, expected) {
            (Value::String(text), Type::Json) => check_json(case, key, text.as_str()),
            (Value::String(text), Type::Text) => !text.as_str().is_empty(),
            (Value::Array(Array::String(texts)), Type::Texts) => !texts.is_empty(),
            (Value::I64(number), Type::Int) => *number >= 0 || key == "gen_ai.request.seed",
            (Value::F64(_), Type::Double) => true,
            (Value::Bool(truth), Type::Bool) => *truth,
            _ => false,
        };
        assert!(fits, "{case}: {attribute:?} is no {expected:?}");
        if let Some((_, values)) = VALUES.iter().find(|(name, _)| *name == key) {
            assert!(
                values.contains(&attribute.value.as_str().as_ref()),
                "{case}: {attribute:?}"
            );
        }
    }
    for (key, _, need) in rules() {
        let there = find(all, key).is_some();
        match need {
            Need::Required => assert!(there, "{case}: {key} is missing in {all:?}"),
            Need::With(other) => assert_eq!(there, find(all, other).is_some(), "{case}: {key} and {other}"),
            Need::OnlyWith(other) => assert!(
                !there || find(all, other).is_some(),
                "{case}: {key} without {other}"
            ),
            Need::IfFailed => assert_eq!(there, failed.unwrap_or(there), "{case}: {key}"),
            Need::May => {}
        }
    }
}

/// Parts are no more than their whole.
fn check_usage(case: &str, all: &[&KeyValue]) {
    let count = |key: &str| match find(all, &format!("gen_ai.usage.{key}")) {
        Some(Value::I64(count)) => *count,
        _ => 0,
    };
    // Cohere bills less than it caches, and the billed input is what counts.
    let bills = text(all, "gen_ai.provider.name").as_deref() == Some("cohere");
    if find(all, "gen_ai.usage.input_tokens").is_some() && !bills {
        let cached = count("cache_read.input_tokens") + count("cache_write.input_tokens");
        assert!(cached <= count("input_tokens"), "{case}: cached tokens are input");
    }
    if find(all, "gen_ai.usage.output_tokens").is_some() {
        assert!(
            count("reasoning.output_tokens") <= count("output_tokens"),
            "{case}: reasoning is output"
        );
    }
    if let Some(Value::I64(choices)) = find(all, "gen_ai.request.choice.count") {
        assert_ne!(*choices, 1, "{case}: one is not said");
    }
}

/// Whether it is JSON of the schema that the conventions have for this attribute.
fn check_json(case: &str, key: &str, text: &str) -> bool {
    let json: Json =
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{case}: {key}: {error}: {text}"));
    let items = json.as_array().expect("a list");
    items.iter().all(|item| match key {
        "gen_ai.system_instructions" => is_part(item),
        "gen_ai.tool.definitions" => {
            item["type"].is_string() && (item["type"] != "function" || item["name"].is_string())
        }
        _ => {
            item["role"].is_string()
                && item["parts"]
                    .as_array()
                    .is_some_and(|parts| parts.iter().all(is_part))
        }
    })
}

/// Whether a part of a message has what its type requires.
fn is_part(part: &Json) -> bool {
    let text = |key: &str| part[key].is_string();
    match part["type"].as_str() {
        Some("text" | "reasoning") => text("content"),
        Some("tool_call") => text("name"),
        Some("tool_call_response") => part.get("response").is_some(),
        // The medium itself is left out; the schema admits that.
        Some("blob") => text("modality"),
        Some("file") => text("modality") && text("file_id"),
        Some("uri") => text("modality") && text("uri") && !part["uri"].to_string().starts_with("\"data:"),
        other => other.is_some(),
    }
}

fn check_metric(case: &str, metric: &Measured) {
    let name = metric.name();
    let rule = METRICS.iter().find(|rule| rule.name == name);
    let rule = rule.unwrap_or_else(|| panic!("{case}: {name} is in no table"));
    assert_eq!(metric.unit(), rule.unit, "{case}: {name}: the unit");
    assert!(!metric.description().is_empty(), "{case}: {name}: a description");
    let case = &format!("{case}: {name}");
    let check = |labels: Vec<&KeyValue>| check_attributes(case, &labels, rule.labels, None);
    let buckets = |bounds: Vec<f64>, expected: &[f64]| assert_eq!(bounds, expected, "{case}: the buckets");
    match (metric.data(), rule.instrument) {
        (AggregatedMetrics::F64(MetricData::Histogram(histogram)), Instrument::Seconds(expected)) => {
            for point in histogram.data_points() {
                check(point.attributes().collect());
                buckets(point.bounds().collect(), expected);
            }
        }
        (AggregatedMetrics::U64(MetricData::Histogram(histogram)), Instrument::Histogram(expected)) => {
            for point in histogram.data_points() {
                check(point.attributes().collect());
                buckets(point.bounds().collect(), expected);
            }
        }
        (AggregatedMetrics::U64(MetricData::Sum(sum)), Instrument::Counter) => {
            assert!(sum.is_monotonic(), "{case}: it only grows");
            sum.data_points()
                .for_each(|point| check(point.attributes().collect()));
        }
        (AggregatedMetrics::I64(MetricData::Sum(sum)), Instrument::UpDownCounter) => {
            sum.data_points()
                .for_each(|point| check(point.attributes().collect()));
        }
        (data, _) => panic!("{case}: {data:?}"),
    }
}

fn find<'a>(attributes: &[&'a KeyValue], key: &str) -> Option<&'a Value> {
    let found = attributes.iter().find(|attribute| attribute.key.as_str() == key);
    found.map(|attribute| &attribute.value)
}

fn text(attributes: &[&KeyValue], key: &str) -> Option<String> {
    find(attributes, key).map(|value| value.as_str().into_owned())
}
