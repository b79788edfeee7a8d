//! The spans of a service: traces of 16 spans with 12 attributes each.

use opentelemetry::KeyValue as Attribute;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};

/// The spans of a trace.
pub(crate) const TRACE: usize = 16;
/// The spans of a batch, as SDKs send it by default.
pub(crate) const BATCH: usize = 512;
pub(crate) const NAME: &str = "POST /orders/{id}";

const STRINGS: [(&str, &str); 8] = [
    ("http.request.method", "POST"),
    ("http.route", "/orders/{id}"),
    ("url.path", "/orders/12345"),
    ("url.scheme", "https"),
    ("server.address", "shop.example"),
    ("network.protocol.version", "1.1"),
    ("client.address", "192.0.2.17"),
    ("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)"),
];
const NUMBERS: [(&str, i64); 4] = [
    ("server.port", 443),
    ("http.response.status_code", 200),
    ("http.request.body.size", 512),
    ("http.response.body.size", 2_048),
];

/// The attributes, for the API of OpenTelemetry.
pub(crate) fn attributes() -> Vec<Attribute> {
    let attributes = STRINGS.map(|(key, value)| Attribute::new(key, value));
    let numbers = NUMBERS.map(|(key, value)| Attribute::new(key, value));
    attributes.into_iter().chain(numbers).collect()
}

/// A batch as it is sent.
pub(crate) fn batch(number: u64) -> ExportTraceServiceRequest {
    let spans = (0..BATCH as u64).map(|index| {
        let id = number * BATCH as u64 + index + 1;
        let trace = u128::from(id.div_ceil(TRACE as u64)) << 32;
        let start = 1_764_500_000_000_000_000 + index * 1_000;
        let is_root = index.is_multiple_of(TRACE as u64);
        Span {
            trace_id: trace.to_be_bytes().to_vec(),
            span_id: id.to_be_bytes().to_vec(),
            parent_span_id: if is_root {
                Vec::new()
            } else {
                (id - 1).to_be_bytes().to_vec()
            },
            name: NAME.to_owned(),
            kind: 2,
            start_time_unix_nano: start,
            end_time_unix_nano: start + 1_000_000,
            attributes: STRINGS
                .map(|(key, value)| pair(key, Value::StringValue(value.to_owned())))
                .into_iter()
                .chain(NUMBERS.map(|(key, value)| pair(key, Value::IntValue(value))))
                .collect(),
            ..Span::default()
        }
    });
    let resource = Resource {
        attributes: vec![
            pair("service.name", Value::StringValue("shop".to_owned())),
            pair(
                "service.instance.id",
                Value::StringValue("627cc493-f310-47de-96bd-71410b7dec09".to_owned()),
            ),
        ],
        ..Resource::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource),
            scope_spans: vec![ScopeSpans {
                spans: spans.collect(),
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    }
}

fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}
