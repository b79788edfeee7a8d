//! OTLP/JSON, read as the specification demands
//! (<https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>).
//!
//! The Serde implementations of `opentelemetry-proto` refuse valid JSON: empty arrays and maps, numbers as
//! strings, `null` fields, base64 without padding. One such value would lose a whole request. Here, absent
//! and `null` fields have their default, unknown fields are ignored, integers and floats may be strings, and
//! ids may have digits in either case.

use std::{fmt, mem};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1 as common;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::logs::v1 as logs;
use opentelemetry_proto::tonic::metrics::v1 as metrics;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as NumberValue;
use opentelemetry_proto::tonic::resource::v1 as resource;
use opentelemetry_proto::tonic::trace::v1 as trace;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::field::{Base64, Double, Integer, boolean, hex, integer, list, optional, text};

/// A request of any signal: the names of the three do not overlap.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Request {
    #[serde(deserialize_with = "list")]
    resource_spans: Vec<ResourceSpans>,
    #[serde(deserialize_with = "list")]
    resource_logs: Vec<ResourceLogs>,
    #[serde(deserialize_with = "list")]
    resource_metrics: Vec<ResourceMetrics>,
}

impl Request {
    /// Takes the spans.
    pub(crate) fn traces(&mut self) -> ExportTraceServiceRequest {
        ExportTraceServiceRequest {
            resource_spans: all(mem::take(&mut self.resource_spans)),
        }
    }

    /// Takes the log records.
    pub(crate) fn logs(&mut self) -> ExportLogsServiceRequest {
        ExportLogsServiceRequest {
            resource_logs: all(mem::take(&mut self.resource_logs)),
        }
    }

    /// Takes the data points.
    pub(crate) fn metrics(&mut self) -> ExportMetricsServiceRequest {
        ExportMetricsServiceRequest {
            resource_metrics: all(mem::take(&mut self.resource_metrics)),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.resource_spans.is_empty() && self.resource_logs.is_empty() && self.resource_metrics.is_empty()
    }
}

fn all<T, U: From<T>>(items: Vec<T>) -> Vec<U> {
    items.into_iter().map(U::from).collect()
}

/// Declares a struct of OTLP/JSON, its fields with the functions that read them, and the struct of protobuf it
/// becomes, whose other fields follow the braces.
macro_rules! message {
    ($name:ident => $target:path { $($field:ident: $type:ty, $read:literal, $convert:expr;)* } $($rest:tt)*) => {
        #[derive(Debug, Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct $name {
            $(#[serde(deserialize_with = $read)] $field: $type,)*
        }

        impl From<$name> for $target {
            fn from(message: $name) -> Self {
                Self {
                    $($field: $convert(message.$field),)*
                    $($rest)*
                }
            }
        }
    };
}

message!(ResourceSpans => trace::ResourceSpans {
    resource: Option<Resource>, "optional", optionally;
    scope_spans: Vec<ScopeSpans>, "list", all;
    schema_url: String, "text", same;
});
message!(ScopeSpans => trace::ScopeSpans {
    scope: Option<Scope>, "optional", optionally;
    spans: Vec<Span>, "list", all;
    schema_url: String, "text", same;
});
message!(Resource => resource::Resource {
    attributes: Vec<KeyValue>, "list", all;
    dropped_attributes_count: u32, "integer", same;
} ..Self::default());
message!(Scope => common::InstrumentationScope {
    name: String, "text", same;
    version: String, "text", same;
    attributes: Vec<KeyValue>, "list", all;
    dropped_attributes_count: u32, "integer", same;
});
message!(Span => trace::Span {
    trace_id: Vec<u8>, "hex", same;
    span_id: Vec<u8>, "hex", same;
    trace_state: String, "text", same;
    parent_span_id: Vec<u8>, "hex", same;
    flags: u32, "integer", same;
    name: String, "text", same;
    kind: i32, "integer", same;
    start_time_unix_nano: u64, "integer", same;
    end_time_unix_nano: u64, "integer", same;
    attributes: Vec<KeyValue>, "list", all;
    dropped_attributes_count: u32, "integer", same;
    events: Vec<Event>, "list", all;
    dropped_events_count: u32, "integer", same;
    links: Vec<Link>, "list", all;
    dropped_links_count: u32, "integer", same;
    status: Option<Status>, "optional", optionally;
});
message!(Event => trace::span::Event {
    time_unix_nano: u64, "integer", same;
    name: String, "text", same;
    attributes: Vec<KeyValue>, "list", all;
    dropped_attributes_count: u32, "integer", same;
});
message!(Link => trace::span::Link {
    trace_id: Vec<u8>, "hex", same;
    span_id: Vec<u8>, "hex", same;
    trace_state: String, "text", same;
    attributes: Vec<KeyValue>, "list", all;
    dropped_attributes_count: u32, "integer", same;
    flags: u32, "integer", same;
});
message!(Status => trace::Status {
    message: String, "text", same;
    code: i32, "integer", same;
});
message!(KeyValue => common::KeyValue {
    key: String, "text", same;
    value: Option<AnyValue>, "optional", optionally;
} ..Self::default());
message!(ResourceLogs => logs::ResourceLogs {
    resource: Option<Resource>, "optional", optionally;
    scope_logs: Vec<ScopeLogs>, "list", all;
    schema_url: String, "text", same;
});
message!(ScopeLogs => logs::ScopeLogs {
    scope: Option<Scope>, "optional", optionally;
    log_records: Vec<LogRecord>, "list", all;
    schema_url: String, "text", same;
});
message!(LogRecord => logs::LogRecord {
    time_unix_nano: u64, "integer", same;
    observed_time_unix_nano: u64, "integer", same;
    severity_number: i32, "integer", same;
    severity_text: String, "text", same;
    body: Option<AnyValue>, "optional", optionally;
    attributes: Vec<KeyValue>, "list", all;
    dropped_attributes_count: u32, "integer", same;
    flags: u32, "integer", same;
    trace_id: Vec<u8>, "hex", same;
    span_id: Vec<u8>, "hex", same;
    event_name: String, "text", same;
});
message!(ResourceMetrics => metrics::ResourceMetrics {
    resource: Option<Resource>, "optional", optionally;
    scope_metrics: Vec<ScopeMetrics>, "list", all;
    schema_url: String, "text", same;
});
message!(ScopeMetrics => metrics::ScopeMetrics {
    scope: Option<Scope>, "optional", optionally;
    metrics: Vec<Metric>, "list", all;
    schema_url: String, "text", same;
});

/// A metric. Only sums are read: the store has no use for others.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metric {
    #[serde(deserialize_with = "text")]
    name: String,
    #[serde(deserialize_with = "text")]
    unit: String,
    #[serde(deserialize_with = "optional")]
    sum: Option<Sum>,
}

message!(Sum => metrics::Sum {
    data_points: Vec<NumberPoint>, "list", all;
    aggregation_temporality: i32, "integer", same;
    is_monotonic: bool, "boolean", same;
});

impl From<Metric> for metrics::Metric {
    fn from(metric: Metric) -> Self {
        Self {
            name: metric.name,
            unit: metric.unit,
            data: metric.sum.map(|sum| metrics::metric::Data::Sum(sum.into())),
            ..Self::default()
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NumberPoint {
    #[serde(deserialize_with = "list")]
    attributes: Vec<KeyValue>,
    #[serde(deserialize_with = "integer")]
    start_time_unix_nano: u64,
    #[serde(deserialize_with = "integer")]
    time_unix_nano: u64,
    #[serde(deserialize_with = "optional")]
    as_int: Option<Integer<i64>>,
    #[serde(deserialize_with = "optional")]
    as_double: Option<Double>,
}

impl From<NumberPoint> for metrics::NumberDataPoint {
    fn from(point: NumberPoint) -> Self {
        let int = point.as_int.map(|Integer(number)| NumberValue::AsInt(number));
        Self {
            attributes: all(point.attributes),
            start_time_unix_nano: point.start_time_unix_nano,
            time_unix_nano: point.time_unix_nano,
            value: int.or_else(|| {
                point
                    .as_double
                    .map(|Double(number)| NumberValue::AsDouble(number))
            }),
            ..Self::default()
        }
    }
}

/// A value: an object with one of the fields of [`ValueField`], or none. Of several, the first counts.
#[derive(Debug, Default)]
struct AnyValue(Option<Any>);

/// Read by hand: values are most of a request, and a derived struct with a field for each type is filled,
/// moved and searched for each of them.
impl<'de> Deserialize<'de> for AnyValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AnyValueVisitor)
    }
}

#[derive(Debug)]
struct AnyValueVisitor;

impl<'de> Visitor<'de> for AnyValueVisitor {
    type Value = AnyValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<AnyValue, A::Error> {
        let mut first = None;
        while let Some(field) = map.next_key()? {
            let value = match field {
                ValueField::StringValue => map.next_value::<Option<_>>()?.map(Any::StringValue),
                ValueField::BoolValue => map.next_value::<Option<_>>()?.map(Any::BoolValue),
                ValueField::IntValue => {
                    let number: Option<Integer<_>> = map.next_value()?;
                    number.map(|Integer(number)| Any::IntValue(number))
                }
                ValueField::DoubleValue => {
                    let number: Option<Double> = map.next_value()?;
                    number.map(|Double(number)| Any::DoubleValue(number))
                }
                ValueField::ArrayValue => {
                    let array: Option<ArrayValue> = map.next_value()?;
                    array.map(|array| Any::ArrayValue(array.into()))
                }
                ValueField::KvlistValue => {
                    let list: Option<KeyValueList> = map.next_value()?;
                    list.map(|list| Any::KvlistValue(list.into()))
                }
                ValueField::BytesValue => {
                    let bytes: Option<Base64> = map.next_value()?;
                    bytes.map(|Base64(bytes)| Any::BytesValue(bytes))
                }
                ValueField::Unknown => {
                    map.next_value::<IgnoredAny>()?;
                    None
                }
            };
            first = first.or(value);
        }
        Ok(AnyValue(first))
    }
}

#[derive(Debug, Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum ValueField {
    StringValue,
    BoolValue,
    IntValue,
    DoubleValue,
    ArrayValue,
    KvlistValue,
    BytesValue,
    #[serde(other)]
    Unknown,
}

message!(ArrayValue => common::ArrayValue {
    values: Vec<AnyValue>, "list", all;
});
message!(KeyValueList => common::KeyValueList {
    values: Vec<KeyValue>, "list", all;
});

impl From<AnyValue> for common::AnyValue {
    fn from(AnyValue(value): AnyValue) -> Self {
        Self { value }
    }
}

fn same<T>(value: T) -> T {
    value
}

fn optionally<T, U: From<T>>(value: Option<T>) -> Option<U> {
    value.map(U::from)
}

/// Reads a request. The size of the input bounds the memory, and the depth of values is bounded by the parser.
pub(crate) fn parse(bytes: &[u8]) -> Result<Request, serde_json::Error> {
    // Serde also reads structs from arrays, which are not OTLP.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        serde_json::from_slice::<IgnoredAny>(bytes)?;
        return Err(serde_json::Error::custom("the request is not a JSON object"));
    }
    serde_json::from_slice(bytes)
}
