//! A file read back is what was exported, value by value.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use opentelemetry::logs::{AnyValue, LogRecord, Logger, LoggerProvider, Severity};
use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::{
    Span, SpanContext, Status, TraceContextExt, TraceFlags, TraceState, Tracer, TracerProvider,
};
use opentelemetry::{Array, Context, InstrumentationScope, KeyValue, StringValue, Value};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::logs::tonic::group_logs_by_resource_and_scope;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::logs::{InMemoryLogExporter, LogBatch, SdkLoggerProvider, SimpleLogProcessor};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SimpleSpanProcessor};
use serde::Serialize;
use serde::de::DeserializeOwned;
use throughline_telemetry::{Exporter, FileConfig, Telemetry, TelemetryConfig, init};

use crate::{TEST_TIMEOUT, turn};

/// What a second exporter of each signal, in memory, sees of what the file's exporter sees.
#[derive(Debug, Clone, Default)]
struct Seen {
    spans: InMemorySpanExporter,
    logs: InMemoryLogExporter,
    metrics: InMemoryMetricExporter,
}

impl Seen {
    fn also(&self, config: TelemetryConfig) -> TelemetryConfig {
        let seen = self.clone();
        config.with_startup_hook(move |mut builders| {
            let spans = SimpleSpanProcessor::new(seen.spans.clone());
            builders.tracer_provider = builders.tracer_provider.with_span_processor(spans);
            let logs = SimpleLogProcessor::new(seen.logs.clone());
            builders.logger_provider = builders.logger_provider.with_log_processor(logs);
            let reader = PeriodicReader::builder(seen.metrics.clone()).build();
            builders.meter_provider = builders.meter_provider.with_reader(reader);
            builders
        })
    }

    /// As OTLP: spans, logs, metrics.
    fn requests(
        &self,
    ) -> (
        ExportTraceServiceRequest,
        ExportLogsServiceRequest,
        ExportMetricsServiceRequest,
    ) {
        let metrics = self.metrics.get_finished_metrics().expect("metrics");
        let metrics = metrics.last().expect("a collection");
        let resource = ResourceAttributesWithSchema::from(metrics.resource());
        let spans = self.spans.get_finished_spans().expect("spans");
        let logs = self.logs.get_emitted_logs().expect("logs");
        let logs: Vec<_> = logs
            .iter()
            .map(|log| (&log.record, &log.instrumentation))
            .collect();
        (
            ExportTraceServiceRequest {
                resource_spans: group_spans_by_resource_and_scope(spans, &resource),
            },
            ExportLogsServiceRequest {
                resource_logs: group_logs_by_resource_and_scope(&LogBatch::new(&logs), &resource),
            },
            ExportMetricsServiceRequest::from(metrics),
        )
    }
}

fn to_file(path: &std::path::Path) -> TelemetryConfig {
    TelemetryConfig::default()
        .with_enabled(true)
        .with_service_name("shop")
        .with_service_version("1.2.3")
        .with_exporter(Exporter::File)
        .with_logs_exporter(Exporter::File)
        .with_file(FileConfig::default().with_path(path.to_string_lossy()))
}

#[test]
fn a_file_read_back_equals_what_was_exported() {
    let _turn = turn();
    let path = std::env::temp_dir().join(format!("throughline-equal-{}.jsonl", std::process::id()));
    let seen = Seen::default();
    let telemetry = init(seen.also(to_file(&path))).expect("started");
    everything(&telemetry);
    telemetry.flush(TEST_TIMEOUT).expect("flushed");
    let (spans, logs, metrics) = seen.requests();
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");

    let text = std::fs::read_to_string(&path).expect("a file");
    std::fs::remove_file(&path).expect("removed");
    // However many batches they came in.
    assert_eq!(
        each(&read::<ExportTraceServiceRequest>(&text, "resourceSpans"), SPANS),
        each(&[spans], SPANS),
        "spans"
    );
    assert_eq!(
        each(&read::<ExportLogsServiceRequest>(&text, "resourceLogs"), LOGS),
        each(&[logs], LOGS),
        "logs"
    );
    // Two readers collect one after the other: their times differ, and nothing else may.
    assert_eq!(
        ordered(&timeless(
            read::<ExportMetricsServiceRequest>(&text, "resourceMetrics")
                .last()
                .expect("a collection")
        )),
        ordered(&timeless(&metrics)),
        "metrics"
    );
    for (what, is_there) in [
        (
            "the resource",
            text.contains(r#"{"key":"service.version","value":{"stringValue":"1.2.3"}}"#),
        ),
        ("the scope's version", text.contains(r#""version":"4.5""#)),
        (
            "the scope's schema",
            text.contains(r#""schemaUrl":"https://example.test/1""#),
        ),
        (
            "a nested value",
            text.contains(r#"{"key":"nested","value":{"kvlistValue""#),
        ),
        (
            "the trace of a record",
            text.contains(r#""traceId":"00000000000000000000000000000007""#),
        ),
    ] {
        assert!(is_there, "{what}, in the words of the specification, in {text}");
    }
}

/// All that a span, a log record and metrics can have.
fn everything(telemetry: &Telemetry) {
    spans(telemetry.tracer_provider().expect("spans"));
    logs(telemetry.logger_provider().expect("logs"));
    metrics(telemetry.meter_provider().expect("metrics"));
}

fn scope() -> InstrumentationScope {
    InstrumentationScope::builder("scope")
        .with_version("4.5")
        .with_schema_url("https://example.test/1")
        .with_attributes([KeyValue::new("of", "the scope")])
        .build()
}

fn spans(provider: &SdkTracerProvider) {
    let tracer = provider.tracer_with_scope(scope());
    let mut span = tracer.start("wörk \"quoted\"\n\u{1F980}");
    span.set_attribute(KeyValue::new("integer", i64::MIN));
    span.set_attribute(KeyValue::new("float", 0.1 + 0.2));
    span.set_attribute(KeyValue::new("truth", true));
    span.set_attribute(KeyValue::new("empty", ""));
    let strings: Vec<StringValue> = vec!["a".into(), "".into()];
    for array in [
        Array::String(strings),
        Array::F64(vec![1e-300, -0.0]),
        Array::I64(vec![i64::MAX, 0]),
        Array::Bool(vec![true, false]),
        Array::I64(Vec::new()),
    ] {
        span.set_attribute(KeyValue::new("array", Value::Array(array)));
    }
    span.add_event("said", vec![KeyValue::new("number", 1)]);
    let state = TraceState::from_key_value([("vendor", "value")]).expect("a state");
    let linked = SpanContext::new(7.into(), 9.into(), TraceFlags::SAMPLED, true, state);
    span.add_link(linked.clone(), vec![KeyValue::new("why", "because")]);
    span.set_status(Status::error("broken"));
    span.end();
    let parent = Context::new().with_remote_span_context(linked);
    tracer.start_with_context("a child", &parent).end();
    let mut fine = provider.tracer("another scope").start("fine");
    fine.set_status(Status::Ok);
    fine.end();
}

fn logs(provider: &SdkLoggerProvider) {
    let logger = provider.logger_with_scope(scope());
    let nested = HashMap::from([(
        "inner".into(),
        AnyValue::ListAny(Box::new(vec![AnyValue::Int(1)])),
    )]);
    let bytes = AnyValue::Bytes(Box::new(vec![0, 255]));
    for body in [
        AnyValue::from("wörds"),
        AnyValue::Int(i64::MIN),
        AnyValue::Double(-0.5),
        AnyValue::Boolean(true),
        bytes.clone(),
        AnyValue::Map(Box::new(nested.clone())),
    ] {
        let mut record = logger.create_log_record();
        record.set_body(body);
        record.set_event_name("happened");
        record.set_timestamp(SystemTime::UNIX_EPOCH + Duration::from_nanos(1));
        record.set_severity_number(Severity::Warn2);
        record.set_severity_text("WARN");
        record.set_trace_context(7.into(), 9.into(), Some(TraceFlags::SAMPLED));
        record.add_attribute("integer", 1);
        record.add_attribute("bytes", bytes.clone());
        record.add_attribute("nested", AnyValue::Map(Box::new(nested.clone())));
        logger.emit(record);
    }
    let plain = provider.logger("another scope");
    plain.emit(plain.create_log_record());
}

fn metrics(provider: &SdkMeterProvider) {
    let meter = provider.meter_with_scope(scope());
    let tokens = meter.u64_counter("prompt_size").with_unit("{token}").build();
    tokens.add(u64::MAX >> 1, &[]);
    let times = meter.f64_histogram("time").with_unit("s").build();
    times.record(0.125, &[KeyValue::new("ünï", "cödé")]);
    times.record(1e300, &[]);
    meter.i64_up_down_counter("active").build().add(-3, &[]);
    meter
        .f64_gauge("level")
        .build()
        .record(-1.5, &[KeyValue::new("on", true)]);
}

/// The lines of a signal.
fn read<T: DeserializeOwned>(text: &str, key: &str) -> Vec<T> {
    let start = format!("{{\"{key}\"");
    let lines = text.lines().filter(|line| line.starts_with(&start));
    lines
        .map(|line| serde_json::from_str(line).expect("OTLP/JSON"))
        .collect()
}

/// The lists of a request, from the outermost to the innermost.
const SPANS: [&str; 3] = ["resourceSpans", "scopeSpans", "spans"];
const LOGS: [&str; 3] = ["resourceLogs", "scopeLogs", "logRecords"];

/// Each span or record of the requests with all that is around it, in their own order.
fn each<T: Serialize>(requests: &[T], lists: [&str; 3]) -> Vec<String> {
    let mut all: Vec<Vec<serde_json::Value>> =
        requests.iter().map(|request| vec![ordered(request)]).collect();
    for list in lists {
        let within = |mut path: Vec<serde_json::Value>| {
            let outer = path.last_mut().and_then(|outer| outer.get_mut(list));
            let items = outer.map(serde_json::Value::take).unwrap_or_default();
            let items = items.as_array().cloned().unwrap_or_default();
            items
                .into_iter()
                .map(move |item| [path.clone(), vec![item]].concat())
        };
        all = all.into_iter().flat_map(within).collect();
    }
    let mut all: Vec<String> = all
        .into_iter()
        .map(|path| serde_json::Value::from(path).to_string())
        .collect();
    all.sort();
    assert!(!all.is_empty(), "{lists:?} hold something");
    all
}

/// What is in a batch has no order.
fn ordered(request: &impl Serialize) -> serde_json::Value {
    fn order(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(members) => members.values_mut().for_each(order),
            serde_json::Value::Array(items) => {
                items.iter_mut().for_each(order);
                items.sort_by_key(ToString::to_string);
            }
            _ => {}
        }
    }
    let mut value = serde_json::to_value(request).expect("JSON");
    order(&mut value);
    value
}

fn timeless(request: &ExportMetricsServiceRequest) -> serde_json::Value {
    fn strip(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(members) => {
                members.retain(|key, _| !matches!(key.as_str(), "timeUnixNano" | "startTimeUnixNano"));
                members.values_mut().for_each(strip);
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(request).expect("JSON");
    strip(&mut value);
    value
}
