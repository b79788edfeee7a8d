//! What goes over the wire and into a file is what was recorded.

use std::io::Read;
use std::time::Duration;

use opentelemetry::trace::{Span, SpanContext, Status, TraceFlags, TraceState, Tracer, TracerProvider};
use opentelemetry::{Array, KeyValue, StringValue, Value, global};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SimpleSpanProcessor};
use throughline_telemetry::{Compression, Exporter, FileConfig, Protocol, TelemetryConfig, init};
use tonic::Code;

use crate::collector::{Answer, Collector};
use crate::grpc::Grpc;
use crate::{record, turn};

#[test]
fn each_encoding_is_what_its_headers_say() {
    let _turn = turn();
    for (protocol, compression, content_type, is_zipped) in [
        (
            Protocol::HttpProtobuf,
            Compression::None,
            "application/x-protobuf",
            false,
        ),
        (
            Protocol::HttpProtobuf,
            Compression::Gzip,
            "application/x-protobuf",
            true,
        ),
        (Protocol::HttpJson, Compression::None, "application/json", false),
        (Protocol::HttpJson, Compression::Gzip, "application/json", true),
    ] {
        let collector = Collector::start(Answer::Accept);
        let config = TelemetryConfig::default()
            .with_enabled(true)
            .with_exporter(Exporter::Otlp)
            .with_metrics_exporter(Exporter::None);
        let config = config
            .with_endpoint(format!("http://{}", collector.address))
            .with_protocol(protocol)
            .with_compression(compression);
        let telemetry = init(config).expect("started");
        record(&telemetry, "a span with a name");
        telemetry.shutdown().expect("accepted");

        let request = collector.requests().remove(0);
        let case = format!("{protocol:?} {compression:?}: {}", request.head);
        assert!(request.head.starts_with("POST /v1/traces "), "{case}");
        assert!(
            request
                .head
                .contains(&format!("content-type: {content_type}\r\n")),
            "{case}"
        );
        assert_eq!(
            request.head.contains("content-encoding: gzip\r\n"),
            is_zipped,
            "{case}"
        );
        let mut body = request.body;
        if is_zipped {
            let zipped = std::mem::take(&mut body);
            flate2::read::GzDecoder::new(&*zipped)
                .read_to_end(&mut body)
                .expect("gzip");
        }
        let is_json = serde_json::from_slice::<ExportTraceServiceRequest>(&body).is_ok();
        assert_eq!(is_json, protocol == Protocol::HttpJson, "{case}");
        let name = b"a span with a name";
        assert!(body.windows(name.len()).any(|part| part == name), "{case}");
    }
}

/// The environment is the process's, so another process exports: this test, begun again with variables.
#[test]
fn the_headers_of_the_environment_arrive() {
    if std::env::var_os("OTEL_EXPORTER_OTLP_HEADERS").is_some() {
        let telemetry = throughline_telemetry::init_from_env().expect("started");
        record(&telemetry, "work");
        telemetry.shutdown().expect("accepted");
        return;
    }
    let (http, grpc) = (Collector::start(Answer::Accept), Grpc::start(Code::Ok));
    for (protocol, address) in [("http/protobuf", http.address), ("grpc", grpc.address)] {
        let test = std::process::Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "wire::the_headers_of_the_environment_arrive"])
            .env(
                "OTEL_EXPORTER_OTLP_HEADERS",
                "api-key=a%20key%3D,authorization=Bearer%20x",
            )
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}"))
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
            .output()
            .expect("run");
        assert!(test.status.success(), "{protocol}: {test:?}");
    }
    let request = http.requests().remove(0);
    for line in ["api-key: a key=\r\n", "authorization: bearer x\r\n"] {
        assert!(request.head.contains(line), "{line:?} in {}", request.head);
    }
    let headers = grpc.headers().remove(0);
    let of = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    assert_eq!(
        (of("api-key"), of("authorization")),
        (Some("a key="), Some("Bearer x")),
        "{headers:?}"
    );
}

/// A second exporter, in memory, sees what the file's exporter sees.
#[test]
fn a_file_read_back_equals_what_was_exported() {
    let _turn = turn();
    let path = std::env::temp_dir().join(format!("throughline-equal-{}.jsonl", std::process::id()));
    let (spans, metrics) = (InMemorySpanExporter::default(), InMemoryMetricExporter::default());
    let (also_spans, also_metrics) = (spans.clone(), metrics.clone());
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_service_name("shop")
        .with_exporter(Exporter::File)
        .with_file(FileConfig::default().with_path(path.to_string_lossy()))
        .with_startup_hook(move |mut builders| {
            let processor = SimpleSpanProcessor::new(also_spans.clone());
            builders.tracer_provider = builders.tracer_provider.with_span_processor(processor);
            let reader = PeriodicReader::builder(also_metrics.clone()).build();
            builders.meter_provider = builders.meter_provider.with_reader(reader);
            builders
        });
    let telemetry = init(config).expect("started");
    everything(telemetry.tracer_provider().expect("spans"));
    let meter = global::meter_provider().meter("test");
    meter
        .u64_counter("prompt_size")
        .with_unit("{token}")
        .build()
        .add(u64::MAX >> 1, &[]);
    let times = meter.f64_histogram("time").with_unit("s").build();
    times.record(0.125, &[KeyValue::new("ünï", "cödé")]);
    times.record(1e300, &[]);
    meter.i64_up_down_counter("active").build().add(-3, &[]);
    telemetry.flush(Duration::from_secs(5)).expect("flushed");

    let resource = Resource::builder().build();
    let mut exported_spans = spans.get_finished_spans().expect("spans");
    exported_spans.sort_by_key(|span| span.span_context.span_id().to_bytes());
    let exported =
        group_spans_by_resource_and_scope(exported_spans, &ResourceAttributesWithSchema::from(&resource));
    let exported = ExportTraceServiceRequest {
        resource_spans: exported,
    };
    let exported_metrics = metrics.get_finished_metrics().expect("metrics");
    let exported_metrics = ExportMetricsServiceRequest::from(exported_metrics.last().expect("a collection"));
    telemetry.shutdown().expect("ended");

    let text = std::fs::read_to_string(&path).expect("a file");
    std::fs::remove_file(&path).expect("removed");
    let lines: Vec<&str> = text.lines().collect();
    let read = lines
        .iter()
        .find(|line| line.starts_with(r#"{"resourceSpans""#))
        .expect("spans");
    let read: ExportTraceServiceRequest = serde_json::from_str(read).expect("OTLP/JSON");
    assert_eq!(sorted(read), sorted(exported), "spans");
    let read = lines
        .iter()
        .find(|line| line.starts_with(r#"{"resourceMetrics""#))
        .expect("metrics");
    let read: ExportMetricsServiceRequest = serde_json::from_str(read).expect("OTLP/JSON");
    assert_eq!(timeless(&read), timeless(&exported_metrics), "metrics");
}

/// Spans with all that a span can have.
fn everything(provider: &opentelemetry_sdk::trace::SdkTracerProvider) {
    let tracer = provider.tracer("test");
    let mut span = tracer.start("wörk \"quoted\"\n\u{1F980}");
    span.set_attribute(KeyValue::new("integer", i64::MIN));
    span.set_attribute(KeyValue::new("float", 0.1 + 0.2));
    span.set_attribute(KeyValue::new("truth", true));
    span.set_attribute(KeyValue::new("empty", ""));
    let texts: Vec<StringValue> = vec!["a".into(), "".into()];
    span.set_attribute(KeyValue::new("texts", Value::Array(Array::String(texts))));
    span.set_attribute(KeyValue::new(
        "floats",
        Value::Array(Array::F64(vec![1e-300, -0.0])),
    ));
    span.add_event("said", vec![KeyValue::new("number", 1)]);
    let state = TraceState::from_key_value([("vendor", "value")]).expect("a state");
    let linked = SpanContext::new(7.into(), 9.into(), TraceFlags::SAMPLED, true, state);
    span.add_link(linked, vec![KeyValue::new("why", "because")]);
    span.set_status(Status::error("broken"));
    span.end();
    tracer.start("plain").end();
}

/// The resource is compared where the test of the resource is; batches have an order, their spans none.
fn sorted(mut request: ExportTraceServiceRequest) -> Vec<opentelemetry_proto::tonic::trace::v1::Span> {
    let resources = request.resource_spans.drain(..);
    let scopes = resources.flat_map(|resource| resource.scope_spans);
    let mut spans: Vec<_> = scopes.flat_map(|scope| scope.spans).collect();
    spans.sort_by(|one, other| one.span_id.cmp(&other.span_id));
    spans
}

/// Two readers collect one after the other: their times differ, and nothing else may.
fn timeless(request: &ExportMetricsServiceRequest) -> serde_json::Value {
    fn strip(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(members) => {
                members.retain(|key, _| !matches!(key.as_str(), "timeUnixNano" | "startTimeUnixNano"));
                members.values_mut().for_each(strip);
            }
            serde_json::Value::Array(items) => {
                items.iter_mut().for_each(strip);
                items.sort_by_key(ToString::to_string);
            }
            _ => {}
        }
    }
    let mut value = serde_json::to_value(request).expect("JSON");
    strip(&mut value);
    value
}
