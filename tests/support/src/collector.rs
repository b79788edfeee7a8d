//! A collector that receives OTLP over HTTP as protobuf, and returns the received telemetry.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point;
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};
use prost::Message;

use crate::server::serve;
use crate::tree::{self, Node};

/// The attributes that vary between runs.
pub const VARYING: &[&str] = &[
    "gen_ai.response.time_to_first_chunk",
    "network.peer.port",
    "process.pid",
    "server.port",
    "throughline.attempt.duration",
    "throughline.time_to_first_token",
    "throughline.time_waiting_for_reader",
    "url.full",
];

/// The telemetry received so far. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Collector {
    traces: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
    metrics: Arc<Mutex<Vec<ExportMetricsServiceRequest>>>,
}

impl Collector {
    /// Starts a collector, and returns it with its base URL.
    pub async fn start() -> (Self, String) {
        let collector = Self::default();
        let app = Router::new()
            .route("/v1/traces", post(traces))
            .route("/v1/metrics", post(metrics))
            .with_state(collector.clone());
        let url = format!("http://{}", serve(app).await);
        (collector, url)
    }

    /// Reads OTLP/JSON lines.
    #[must_use]
    pub fn read(lines: &str) -> Self {
        let collector = Self::default();
        for line in lines.lines() {
            if line.starts_with("{\"resourceSpans\"") {
                let request = serde_json::from_str(line).expect("a line of spans");
                collector.traces.lock().unwrap().push(request);
            } else {
                let request = serde_json::from_str(line).expect("a line of metrics");
                collector.metrics.lock().unwrap().push(request);
            }
        }
        collector
    }

    /// Renders all spans as text, see [`tree::render`].
    #[must_use]
    pub fn tree(&self, masked: &[&str]) -> String {
        tree::render(self.spans().iter().map(node).collect(), masked)
    }

    /// Every span as text, as [`tree`](Self::tree) with the name of its service before it:
    /// `Server shop: POST /orders`.
    #[must_use]
    pub fn tree_of_services(&self, masked: &[&str]) -> String {
        let requests = self.traces.lock().unwrap().clone();
        let resources = requests.into_iter().flat_map(|request| request.resource_spans);
        let nodes = resources.flat_map(|resource| {
            let attributes = attributes(&resource.resource.unwrap_or_default().attributes);
            let service = attributes.into_iter().find(|(key, _)| key == "service.name");
            let service =
                service.map_or_else(|| "no service.name".to_owned(), |(_, name)| name.replace('"', ""));
            let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            spans.map(move |span| {
                let node = node(&span);
                let name = format!("{service}: {}", node.name);
                Node { name, ..node }
            })
        });
        tree::render(nodes.collect(), masked)
    }

    /// Returns the ids of the traces.
    #[must_use]
    pub fn traces(&self) -> BTreeSet<Vec<u8>> {
        self.spans().into_iter().map(|span| span.trace_id).collect()
    }

    /// Returns the spans.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        let requests = self.traces.lock().unwrap().clone();
        let resources = requests.into_iter().flat_map(|request| request.resource_spans);
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }

    /// Returns the last points of a counter, as `labels value`, sorted.
    #[must_use]
    pub fn counter(&self, name: &str) -> Vec<String> {
        let requests = self.metrics.lock().unwrap().clone();
        let last = requests.into_iter().next_back().into_iter();
        let scopes = last
            .flat_map(|request| request.resource_metrics)
            .flat_map(|resource| resource.scope_metrics);
        let metrics = scopes
            .flat_map(|scope| scope.metrics)
            .filter(|metric| metric.name == name);
        let points = metrics.flat_map(|metric| match metric.data {
            Some(Data::Sum(sum)) => sum.data_points,
            _ => Vec::new(),
        });
        let mut lines: Vec<String> = points
            .map(|point| {
                let labels: Vec<String> = attributes(&point.attributes)
                    .iter()
                    .map(|(key, value)| format!("{key}={value}"))
                    .collect();
                match point.value {
                    Some(number_data_point::Value::AsInt(value)) => format!("{} {value}", labels.join(",")),
                    other => panic!("a counter of tokens has whole numbers, not {other:?}"),
                }
            })
            .collect();
        lines.sort();
        lines
    }
}

/// Formats an id like in headers and logs.
#[must_use]
pub fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn traces(State(collector): State<Collector>, body: Bytes) {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    collector.traces.lock().unwrap().push(request);
}

async fn metrics(State(collector): State<Collector>, body: Bytes) {
    let request = ExportMetricsServiceRequest::decode(body).unwrap();
    collector.metrics.lock().unwrap().push(request);
}

fn node(span: &Span) -> Node {
    let status = span
        .status
        .as_ref()
        .map(|status| (status.code(), status.message.as_str()));
    let event = |event: &opentelemetry_proto::tonic::trace::v1::span::Event| {
        (event.name.clone(), attributes(&event.attributes))
    };
    Node {
        id: span.span_id.clone().try_into().unwrap(),
        parent: span.parent_span_id.clone().try_into().unwrap_or_default(),
        start: u128::from(span.start_time_unix_nano),
        kind: match span.kind() {
            SpanKind::Server => "Server",
            SpanKind::Client => "Client",
            SpanKind::Internal => "Internal",
            SpanKind::Producer => "Producer",
            SpanKind::Consumer => "Consumer",
            other => other.as_str_name(),
        }
        .to_owned(),
        name: span.name.clone(),
        status: match status {
            Some((StatusCode::Error, "")) => "[error]".to_owned(),
            Some((StatusCode::Error, why)) => format!("[error: {why}]"),
            Some((StatusCode::Ok, _)) => "[ok]".to_owned(),
            _ => String::new(),
        },
        attributes: attributes(&span.attributes),
        events: span.events.iter().map(event).collect(),
    }
}

fn attributes(attributes: &[KeyValue]) -> Vec<(String, String)> {
    attributes
        .iter()
        .map(|attribute| (attribute.key.clone(), show(attribute.value.as_ref())))
        .collect()
}

fn show(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => format!("{text:?}"),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => format!("{number:?}"),
        Some(Value::BoolValue(truth)) => truth.to_string(),
        Some(Value::ArrayValue(array)) => {
            let items: Vec<String> = array.values.iter().map(|value| show(Some(value))).collect();
            format!("[{}]", items.join(", "))
        }
        other => format!("{other:?}"),
    }
}
