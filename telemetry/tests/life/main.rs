//! The life of telemetry in a process: installed once, bounded at the end, wherever it is called from.

#![expect(clippy::expect_used, reason = "a test's helpers may fail the test")]

mod collector;
mod diagnosis;
mod faults;
mod file;
mod grpc;
mod services;
mod tls;
mod wire;

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::global;
use opentelemetry::trace::{
    Span, SpanContext, TraceContextExt, TraceFlags, TraceState, Tracer, TracerProvider,
};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SimpleSpanProcessor};
use throughline_telemetry::{Exporter, FileConfig, Propagator, Protocol, Telemetry, TelemetryConfig, init};
use tracing_subscriber::layer::SubscriberExt;

/// Telemetry is one for the process, so its tests take turns.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A writer whose text can be read while another has it.
#[derive(Debug, Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("unpoisoned").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("unpoisoned").clone()).expect("UTF-8")
    }
}

fn console(writer: &Shared) -> TelemetryConfig {
    TelemetryConfig::default()
        .with_enabled(true)
        .with_service_name("test")
        .with_exporter(Exporter::Console)
        .with_console_writer(writer.clone())
}

fn record(telemetry: &Telemetry, name: &'static str) {
    telemetry
        .tracer_provider()
        .expect("spans are on")
        .tracer("test")
        .start(name)
        .end();
}

#[test]
fn off_is_off() {
    let _turn = turn();
    let first = init(TelemetryConfig::default()).expect("off");
    let second = init(TelemetryConfig::default()).expect("off is not running");
    assert!(
        !first.is_enabled() && first.tracer_provider().is_none() && first.meter_provider().is_none(),
        "off"
    );
    first.flush(Duration::ZERO).expect("nothing to flush");
    first.shutdown().expect("nothing to end");
    drop(second);
}

#[test]
fn a_diagnosis_tells_what_is_wrong() {
    let _turn = turn();
    let off = init(TelemetryConfig::default()).expect("off").diagnose();
    assert!(!off.enabled, "off");

    let writer = Shared::default();
    let telemetry = init(console(&writer)).expect("started");
    record(&telemetry, "work");
    telemetry.flush(Duration::from_secs(5)).expect("flushed");
    let expected = "\
telemetry   on
sampling    1 of new traces
propagator  traceparent, tracestate, baggage
traces      to the console; 1 delivered, 0 lost, 0 dropped, 0 queued
metrics     to the console; 0 delivered, 0 lost, 0 dropped, 0 queued
";
    let diagnosis = telemetry.diagnose();
    let (api, sdk) = (&diagnosis.versions.api, &diagnosis.versions.sdk);
    assert_eq!(
        (api.len(), sdk.len()),
        (1, 1),
        "one version of each: {api:?} {sdk:?}"
    );
    let versions = format!(
        "versions    opentelemetry {}, opentelemetry_sdk {}\n",
        api[0], sdk[0]
    );
    assert_eq!(
        diagnosis.to_string(),
        format!("{expected}{versions}"),
        "all is well"
    );
    telemetry.shutdown().expect("ended");

    let (listener, url) = black_hole();
    drop(listener);
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::Otlp);
    let telemetry = init(config.with_endpoint(&url).with_sampling_rate(0.0)).expect("started");
    let refused = "Connection refused (os error 111)";
    let expected = [
        "the sampling rate is 0: no new trace is recorded".to_owned(),
        format!("traces cannot reach {url}: {refused}"),
        format!("metrics cannot reach {url}: {refused}"),
    ];
    assert_eq!(telemetry.diagnose().warnings, expected, "nobody listens");
    drop(telemetry);
}

#[test]
fn a_second_start_says_where_the_first_was() {
    let _turn = turn();
    let writer = Shared::default();
    let line = line!() + 1;
    let first = init(console(&writer)).expect("the first");
    let error = init(console(&writer)).expect_err("the second");
    let file = file!();
    let text = error.to_string();
    let expected = format!("telemetry is running already, started at {file}:{line}:17: shut that down first");
    assert_eq!(text, expected, "the message");
    assert!(
        error.is_already_running() && !error.is_configuration(),
        "what kind it is"
    );
    first.shutdown().expect("ended");
    init(console(&writer))
        .expect("again, after the first has ended")
        .shutdown()
        .expect("ended");
}

#[test]
fn spans_and_metrics_of_the_globals_are_printed_in_order() {
    let _turn = turn();
    let writer = Shared::default();
    let telemetry = init(console(&writer)).expect("started");
    let tokens = global::meter_provider()
        .meter("test")
        .u64_counter("prompt_size")
        .with_unit("{token}")
        .build();
    tokens.add(123, &[opentelemetry::KeyValue::new("direction", "input")]);
    global::tracer_provider().tracer("test").start("work").end();
    telemetry.flush(Duration::from_secs(5)).expect("flushed");
    let text = writer.text();
    let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part:?} in {text}"));
    assert!(
        at("● work ") < at("\nmetrics\nprompt_size{direction=\"input\"} 123\n"),
        "the tree, then the metrics: {text}"
    );
    telemetry.shutdown().expect("ended");
    assert_eq!(
        writer.text(),
        text,
        "the end prints nothing that was printed before"
    );
}

#[test]
fn dropping_the_guard_delivers_the_last_span() {
    let _turn = turn();
    let writer = Shared::default();
    let telemetry = init(console(&writer)).expect("started");
    record(&telemetry, "last");
    drop(telemetry);
    assert!(writer.text().contains("● last "), "{}", writer.text());
}

#[test]
fn an_unsampled_trace_is_not_printed() {
    let _turn = turn();
    let writer = Shared::default();
    let telemetry = init(console(&writer).with_sampling_rate(0.0)).expect("started");
    record(&telemetry, "unseen");
    telemetry.shutdown().expect("ended");
    assert_eq!(writer.text(), "", "nothing");
}

/// A collector that takes connections and never answers.
fn black_hole() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, url)
}

fn ends_in_time(protocol: Protocol) {
    let deadline = Duration::from_millis(300);
    let (_listener, url) = black_hole();
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::Otlp);
    let telemetry = init(config.with_endpoint(url).with_protocol(protocol)).expect("started");
    global::meter_provider()
        .meter("test")
        .u64_counter("n")
        .build()
        .add(1, &[]);
    record(&telemetry, "lost");
    let begin = Instant::now();
    let flushed = telemetry.flush(deadline).expect_err("nobody answers").to_string();
    let ended = telemetry
        .shutdown_within(deadline)
        .expect_err("nobody answers")
        .to_string();
    let late =
        "not everything was delivered; traces: not finished within 300ms; metrics: not finished within 300ms";
    assert_eq!((flushed.as_str(), ended.as_str()), (late, late), "{protocol:?}");
    assert!(
        begin.elapsed() < deadline * 2 + Duration::from_secs(1),
        "{protocol:?}: {:?}",
        begin.elapsed()
    );
}

#[test]
fn a_black_hole_cannot_hold_the_end() {
    let _turn = turn();
    for protocol in [Protocol::Grpc, Protocol::HttpProtobuf] {
        ends_in_time(protocol);
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(async { ends_in_time(protocol) });
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(async move { tokio::spawn(async move { ends_in_time(protocol) }).await })
            .expect("no panic");
    }
}

#[test]
fn a_collector_that_refuses_is_reported() {
    let _turn = turn();
    for protocol in [Protocol::Grpc, Protocol::HttpProtobuf] {
        let (listener, url) = black_hole();
        drop(listener);
        let config = TelemetryConfig::default()
            .with_enabled(true)
            .with_exporter(Exporter::Otlp);
        let telemetry = init(config.with_endpoint(url).with_protocol(protocol)).expect("started");
        record(&telemetry, "lost");
        let error = telemetry.shutdown().expect_err("nobody listens").to_string();
        let why = match protocol {
            Protocol::Grpc => {
                "TonicTracesClient export failed with gRPC code: Unavailable: transport error: tcp connect error: tcp connect error: Connection refused (os error 111)"
            }
            _ => {
                "HTTP export failed: client error (Connect): tcp connect error: Connection refused (os error 111)"
            }
        };
        assert_eq!(
            error,
            format!("not everything was delivered; traces: {why}"),
            "{protocol:?}"
        );
    }
}

#[test]
fn a_start_up_hook_adds_to_what_is_configured() {
    let _turn = turn();
    let spans = InMemorySpanExporter::default();
    let exporter = spans.clone();
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::None);
    let telemetry = init(config.with_startup_hook(move |mut builders| {
        let processor = SimpleSpanProcessor::new(exporter.clone());
        builders.tracer_provider = builders.tracer_provider.with_span_processor(processor);
        builders
    }));
    let telemetry = telemetry.expect("started");
    record(&telemetry, "seen by the hook's exporter");
    let names: Vec<_> = spans
        .get_finished_spans()
        .expect("spans")
        .into_iter()
        .map(|span| span.name)
        .collect();
    assert_eq!(names, ["seen by the hook's exporter"], "the hook's processor");
    telemetry.shutdown().expect("ended");

    let text = r#"{"tracing.enabled": true, "startup_hook": "MyLibrary:setup"}"#;
    let error = init(TelemetryConfig::from_json_str(text).expect("accepted")).expect_err("not registered");
    let expected = "startup_hook = \"MyLibrary:setup\" is not accepted: use a name given to register_startup_hook \
                    before: there is none";
    assert_eq!(error.to_string(), expected, "a hook that nobody registered");
}

#[test]
fn long_texts_are_cut_and_the_propagators_are_those_that_are_configured() {
    let _turn = turn();
    let writer = Shared::default();
    let config = console(&writer).with_attribute_value_length_limit(3);
    let telemetry =
        init(config.with_propagators([Propagator::B3, Propagator::TraceContext])).expect("started");
    let tracer = telemetry.tracer_provider().expect("spans are on").tracer("test");
    let mut span = tracer.start("work");
    span.set_status(opentelemetry::trace::Status::error("broken"));
    span.set_attribute(opentelemetry::KeyValue::new("error.type", "ééééé"));
    span.end();
    let mut fields: Vec<String> =
        global::get_text_map_propagator(|it| it.fields().map(str::to_owned).collect());
    fields.sort();
    assert_eq!(fields, ["b3", "traceparent", "tracestate"], "the propagators");
    telemetry.shutdown().expect("ended");
    assert!(
        writer.text().contains("✗ ééé: broken\n"),
        "cut at a character: {}",
        writer.text()
    );
}

#[test]
fn a_file_holds_what_was_exported() {
    let _turn = turn();
    let folder = std::env::temp_dir().join(format!("throughline-file-{}", std::process::id()));
    let path = folder.join("{pid}.jsonl");
    let file = FileConfig::default().with_path(path.to_string_lossy());
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_service_name("shop");
    let telemetry = init(config.with_exporter(Exporter::File).with_file(file)).expect("started");
    let tracer = telemetry.tracer_provider().expect("spans are on").tracer("test");
    let mut span = tracer.start("work");
    span.set_attribute(opentelemetry::KeyValue::new("answer", 42));
    let (trace, id) = (
        span.span_context().trace_id().to_string(),
        span.span_context().span_id().to_string(),
    );
    span.end();
    global::meter_provider()
        .meter("test")
        .u64_counter("prompt_size")
        .build()
        .add(9, &[]);
    telemetry.shutdown().expect("ended");

    let text = std::fs::read_to_string(folder.join(format!("{}.jsonl", std::process::id()))).expect("a file");
    std::fs::remove_dir_all(&folder).expect("removed");
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON line"))
        .collect();
    let of = |key: &str| {
        lines
            .iter()
            .find_map(|line| line.get(key))
            .unwrap_or_else(|| panic!("{key} in {text}"))
    };
    let spans = &of("resourceSpans")[0];
    let name = spans["resource"]["attributes"].as_array().expect("attributes");
    let name = name
        .iter()
        .find(|attribute| attribute["key"] == "service.name")
        .expect("a service name");
    assert_eq!(name["value"]["stringValue"], "shop", "the resource");
    let span = &spans["scopeSpans"][0]["spans"][0];
    assert_eq!(
        (&span["name"], &span["traceId"], &span["spanId"]),
        (&"work".into(), &trace.into(), &id.into()),
        "{span}"
    );
    assert_eq!(
        span["attributes"][0]["value"]["intValue"], "42",
        "a 64-bit number is a text in OTLP/JSON: {span}"
    );
    let metric = &of("resourceMetrics")[0]["scopeMetrics"][0]["metrics"][0];
    assert_eq!(
        (&metric["name"], &metric["sum"]["dataPoints"][0]["asInt"]),
        (&"prompt_size".into(), &"9".into()),
        "{metric}"
    );
}

#[test]
fn prometheus_scrapes_prompt_size_with_its_only_label() {
    let _turn = turn();
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_service_name("shop");
    let config = config
        .with_exporter(Exporter::None)
        .with_metrics_exporter(Exporter::Prometheus);
    let telemetry = init(config.with_prometheus_listen(Some("127.0.0.1:0"))).expect("started");
    let meter = global::meter_provider().meter("test");
    let tokens = meter.u64_counter("prompt_size").with_unit("{token}");
    let tokens = tokens
        .with_description("Counts the number of tokens in the prompt.")
        .build();
    tokens.add(57, &[opentelemetry::KeyValue::new("direction", "input")]);
    let text = telemetry.prometheus_text().expect("Prometheus");
    let expected = "\
# HELP prompt_size_total Counts the number of tokens in the prompt.
# TYPE prompt_size_total counter
prompt_size_total{direction=\"input\"} 57
# HELP target_info Target metadata
";
    assert!(text.starts_with(expected), "{text}");
    let mut connection =
        TcpStream::connect(telemetry.prometheus_address().expect("a listener")).expect("connected");
    connection
        .write_all(b"GET /metrics HTTP/1.1\r\n\r\n")
        .expect("asked");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("answered");
    assert_eq!(
        answer.split_once("\r\n\r\n").expect("a body").1,
        text,
        "the listener says the same"
    );
    telemetry.shutdown().expect("ended");

    let error =
        init(TelemetryConfig::default().with_exporter(Exporter::Prometheus)).expect_err("no traces there");
    let expected = "exporter = \"prometheus\" is not accepted: use an exporter that takes traces, and Prometheus as the \
                    exporter of metrics only";
    assert_eq!(error.to_string(), expected, "the message");
}

#[test]
fn tracing_events_are_exported_with_the_ids_of_their_span() {
    let _turn = turn();
    let writer = Shared::default();
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_console_writer(writer.clone());
    let config = config
        .with_exporter(Exporter::None)
        .with_logs_exporter(Exporter::ConsoleJson);
    let telemetry = init(config).expect("started");
    let subscriber = tracing_subscriber::registry().with(telemetry.log_layer());
    let span = SpanContext::new(7.into(), 9.into(), TraceFlags::SAMPLED, false, TraceState::NONE);
    tracing::subscriber::with_default(subscriber, || {
        let _current = opentelemetry::Context::new()
            .with_remote_span_context(span)
            .attach();
        tracing::warn!("low on stock");
        tracing::warn!(target: "hyper::client", "not this one");
    });
    telemetry.shutdown().expect("ended");
    let line: serde_json::Value = serde_json::from_str(&writer.text()).expect("one line of JSON");
    let records = line["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
        .as_array()
        .expect("records");
    assert_eq!(records.len(), 1, "{line}");
    assert_eq!(records[0]["body"]["stringValue"], "low on stock", "{line}");
    assert_eq!(
        records[0]["traceId"], "00000000000000000000000000000007",
        "{line}"
    );
    assert_eq!(records[0]["spanId"], "0000000000000009", "{line}");

    let config = TelemetryConfig::default().with_logs_exporter(Exporter::Console);
    let expected = "logs_exporter = \"console\" is not accepted: use \"otlp\", \"file\", \"console-json\" or \"none\": a \
                    tracing subscriber prints logs for people";
    assert_eq!(
        init(config).expect_err("refused").to_string(),
        expected,
        "the message"
    );
}
