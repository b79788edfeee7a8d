//! The exporter `viewer`: the telemetry of this process on a page, without a network in between.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use axum::Router;
use opentelemetry::KeyValue;
use opentelemetry::logs::{AnyValue, LogRecord, Logger, LoggerProvider};
use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use serde_json::{Value, json};
use throughline_telemetry::{Exporter, Telemetry, TelemetryConfig, init, init_from_env};
use throughline_test_support::Vacant;

use crate::{TEST_TIMEOUT, turn};

fn config() -> TelemetryConfig {
    TelemetryConfig::default()
        .with_enabled(true)
        .with_service_name("shop")
        .with_exporter(Exporter::None)
        .with_added_exporter(Exporter::Viewer)
        .with_viewer_listen(Some("127.0.0.1:0"))
}

/// The status line and the body of a path of the page.
fn read(address: SocketAddr, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).expect("the page listens");
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer in UTF-8");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    (
        head.lines().next().unwrap_or_default().to_owned(),
        body.to_owned(),
    )
}

fn json_of(address: SocketAddr, path: &str) -> Value {
    let (status, body) = read(address, path);
    assert_eq!(status, "HTTP/1.1 200 OK", "{path}: {body}");
    serde_json::from_str(&body).expect("JSON")
}

/// Records a span with a log record, and tokens.
fn record(telemetry: &Telemetry) {
    let tracer = telemetry
        .tracer_provider()
        .expect("spans are recorded")
        .tracer("test");
    let mut span = tracer.start("chat gpt-4o");
    span.set_attributes([
        KeyValue::new("gen_ai.operation.name", "chat"),
        KeyValue::new("gen_ai.request.model", "gpt-4o"),
        KeyValue::new("gen_ai.usage.input_tokens", 57),
    ]);
    let logger = telemetry
        .logger_provider()
        .expect("logs are exported")
        .logger("test");
    let mut log = logger.create_log_record();
    log.set_body(AnyValue::from("asked the model"));
    log.set_trace_context(
        span.span_context().trace_id(),
        span.span_context().span_id(),
        None,
    );
    logger.emit(log);
    span.end();
    let meter = telemetry
        .meter_provider()
        .expect("metrics are recorded")
        .meter("test");
    let counter = meter.u64_counter("prompt_size").build();
    counter.add(57, &[KeyValue::new("direction", "input")]);
    telemetry.flush(TEST_TIMEOUT).expect("flushed");
}

#[test]
fn all_signals_are_on_the_page_of_the_process() {
    let _turn = turn();
    let telemetry = init(config()).expect("started");
    let address = telemetry.viewer_address().expect("the page listens");
    record(&telemetry);

    let traces = json_of(address, "/api/traces");
    let trace = &traces["traces"][0];
    assert_eq!(trace["name"], "chat gpt-4o", "the span");
    assert_eq!(trace["root_service"], "shop", "its service");
    assert_eq!(trace["tokens"]["input"], 57, "its tokens");
    let id = trace["id"].as_str().expect("an id");
    let logs = json_of(address, &format!("/api/traces/{id}/logs"));
    assert_eq!(logs["logs"][0]["body"], "asked the model", "the log record");
    let tokens = json_of(address, "/api/tokens");
    assert_eq!(
        (&tokens["source"], &tokens["prompt_size"]["input"]),
        (&json!("metrics"), &json!([57.0])),
        "the counter"
    );
    let (status, page) = read(address, "/");
    assert!(
        status.ends_with("200 OK") && page.contains("<base href=\"/\">"),
        "the page: {page}"
    );

    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
    let error = TcpStream::connect(address).expect_err("the page ends with telemetry");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused, "{error}");
}

#[test]
fn page_can_be_a_route_of_the_program() {
    let _turn = turn();
    let telemetry = init(config().with_viewer_listen(None)).expect("started");
    assert_eq!(telemetry.viewer_address(), None, "no listener");
    record(&telemetry);
    let app = Router::new().nest_service("/traces", telemetry.viewer_router());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    runtime.spawn(async { axum::serve(listener, app).await });
    assert_eq!(
        json_of(address, "/traces/api/state")["spans"],
        1,
        "the span of this process"
    );
    let (_, page) = read(address, "/traces");
    assert!(
        page.contains("<base href=\"/traces/\">"),
        "its links are below the path: {page}"
    );
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
}

#[test]
fn occupied_address_is_an_error_that_names_it() {
    let _turn = turn();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let error = init(config().with_viewer_listen(Some(&address))).expect_err("it is taken");
    let expected = format!("cannot listen on viewer.listen = {address:?}");
    assert!(error.to_string().starts_with(&expected), "{error}");
}

#[test]
fn nothing_listens_unless_it_is_asked_for() {
    let _turn = turn();
    let telemetry = init_from_env().expect("off");
    assert_eq!(telemetry.viewer_address(), None, "off");
    drop(telemetry);
    let vacant = Vacant::new();
    let address = vacant.address().to_string();
    let other = config()
        .with_exporter(Exporter::None)
        .with_logs_exporter(Exporter::None);
    let telemetry = init(other.with_viewer_listen(Some(&address))).expect("started");
    assert_eq!(telemetry.viewer_address(), None, "no signal has the exporter");
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
}
