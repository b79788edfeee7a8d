//! What arrives where, as it is configured.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use opentelemetry::global;
use opentelemetry::trace::{
    Span, SpanContext, TraceContextExt, TraceFlags, TraceState, Tracer, TracerProvider,
};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SimpleSpanProcessor};
use throughline_telemetry::{Exporter, FileConfig, Propagator, TelemetryConfig, init};
use tracing_subscriber::layer::SubscriberExt;

use crate::{Shared, TEST_TIMEOUT, console, record, turn};
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
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");

    let text = r#"{"tracing.enabled": true, "startup_hook": "MyLibrary:setup"}"#;
    let error = init(TelemetryConfig::from_json_str(text).expect("accepted")).expect_err("not registered");
    let expected = "startup_hook (THROUGHLINE_STARTUP_HOOK) = \"MyLibrary:setup\" is not accepted: use a name \
                    registered with register_startup_hook; none is registered";
    assert_eq!(error.to_string(), expected, "a hook that is not registered");
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
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
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
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");

    let text = std::fs::read_to_string(folder.join(format!("{}.jsonl", std::process::id()))).expect("a file");
    std::fs::remove_dir_all(&folder).expect("removed");
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON line"))
        .collect();
    let value_of = |key: &str| {
        lines
            .iter()
            .find_map(|line| line.get(key))
            .unwrap_or_else(|| panic!("{key} in {text}"))
    };
    let spans = &value_of("resourceSpans")[0];
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
    let metric = &value_of("resourceMetrics")[0]["scopeMetrics"][0]["metrics"][0];
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
    let for_a_route = telemetry.prometheus_page();
    let text = telemetry.prometheus_text().expect("Prometheus");
    assert_eq!(for_a_route(), text, "the same from a route");
    let expected = "\
# HELP prompt_size_total Counts the number of tokens in the prompt.
# TYPE prompt_size_total counter
prompt_size_total{direction=\"input\"} 57
# HELP target_info Target metadata
";
    assert!(text.starts_with(expected), "{text}");
    let answer = page(telemetry.prometheus_address().expect("a listener"));
    assert_eq!(
        answer.split_once("\r\n\r\n").expect("a body").1,
        text,
        "the listener says the same"
    );
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");

    let error =
        init(TelemetryConfig::default().with_exporter(Exporter::Prometheus)).expect_err("no traces there");
    let expected = "the exporter of traces (tracing.exporter, OTEL_TRACES_EXPORTER) = \"prometheus\" is not accepted: use one \
                    that supports traces, and Prometheus for metrics only (metrics_exporter, OTEL_METRICS_EXPORTER)";
    assert_eq!(error.to_string(), expected, "the message");
}

/// The answer of the listener.
fn page(address: SocketAddr) -> String {
    let mut connection = TcpStream::connect(address).expect("connected");
    connection.set_read_timeout(Some(TEST_TIMEOUT)).expect("set");
    connection
        .write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .expect("asked");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("answered");
    answer
}

/// Each silent connection used to delay the scrapes after it by a second.
#[test]
fn a_scrape_is_answered_while_others_are_silent() {
    let _turn = turn();
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::None)
        .with_metrics_exporter(Exporter::Prometheus);
    let telemetry = init(config.with_prometheus_listen(Some("127.0.0.1:0"))).expect("started");
    let address = telemetry.prometheus_address().expect("a listener");
    let silent: Vec<TcpStream> = (0..64)
        .map(|_| TcpStream::connect(address).expect("connected"))
        .collect();
    assert!(page(address).contains("target_info{"), "a page");
    for mut connection in silent {
        connection.set_nonblocking(true).expect("set");
        let read = connection.read(&mut [0]).map_err(|error| error.kind());
        assert_eq!(
            read,
            Err(ErrorKind::WouldBlock),
            "it is open, and was not awaited"
        );
    }
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
}

/// A configuration that writes log records here, and nothing else anywhere.
fn logs(writer: &Shared, exporter: Exporter) -> TelemetryConfig {
    TelemetryConfig::default()
        .with_enabled(true)
        .with_console_writer(writer.clone())
        .with_exporter(Exporter::None)
        .with_logs_exporter(exporter)
}

#[test]
fn tracing_events_are_exported_with_the_ids_of_their_span() {
    let _turn = turn();
    let writer = Shared::default();
    let telemetry = init(logs(&writer, Exporter::ConsoleJson)).expect("started");
    let subscriber = tracing_subscriber::registry().with(telemetry.log_layer());
    let span = SpanContext::new(7.into(), 9.into(), TraceFlags::SAMPLED, false, TraceState::NONE);
    tracing::subscriber::with_default(subscriber, || {
        let _current = opentelemetry::Context::new()
            .with_remote_span_context(span)
            .attach();
        tracing::warn!("low on stock");
        tracing::warn!(target: "hyper::client", "not this one");
    });
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
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

    let config = TelemetryConfig::default().with_logs_exporter(Exporter::Prometheus);
    let expected = "logs_exporter (OTEL_LOGS_EXPORTER) = \"prometheus\" is not accepted: use one that supports logs, and \
                    Prometheus for metrics only";
    assert_eq!(
        init(config).expect_err("refused").to_string(),
        expected,
        "the message"
    );
}

/// The specification's `OTEL_LOGS_EXPORTER=console` used to be refused.
#[test]
fn log_records_are_lines_on_the_console() {
    let _turn = turn();
    let writer = Shared::default();
    let telemetry = init(logs(&writer, Exporter::Console)).expect("started");
    let subscriber = tracing_subscriber::registry().with(telemetry.log_layer());
    let span = SpanContext::new(7.into(), 9.into(), TraceFlags::SAMPLED, false, TraceState::NONE);
    // Were a record printed where it is made, a request would wait for a console that is stuck, as this one.
    let stuck = writer.0.lock().expect("unpoisoned");
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!(target: "shop", item = "desk\nlamp", stock = 2, price = 1.5, "low on \x1b[31mstock");
        let _current = opentelemetry::Context::new()
            .with_remote_span_context(span)
            .attach();
        tracing::error!(target: "shop", "gone");
    });
    drop(stuck);
    telemetry.flush(TEST_TIMEOUT).expect("printed");
    let text = writer.text();
    let lines: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once("Z "))
        .map(|(_, line)| line)
        .collect();
    let expected = [
        r#" INFO shop: low on \u{1b}[31mstock item="desk\nlamp" stock=2 price=1.5"#,
        "ERROR shop: gone trace_id=00000000000000000000000000000007 span_id=0000000000000009",
    ];
    assert_eq!(lines, expected, "{text}");
    let found = &telemetry.diagnose().signals[0];
    assert_eq!(
        (found.signal, found.counts.delivered, found.counts.queued),
        ("logs", 2, 0),
        "counted"
    );
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
}
