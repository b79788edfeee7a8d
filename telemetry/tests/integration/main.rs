//! Telemetry in a process: configured, installed once, exporting, and shut down within a deadline.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test's helpers may fail the test"
)]

mod collector;
mod diagnosis;
mod ends;
#[cfg(unix)]
mod exhausted;
mod exporters;
mod faults;
mod file;
mod grpc;
mod otlp;
mod protocols;
mod receiver;
mod screen;
mod secrets;
mod services;
mod several;
mod tls;
mod tracing_spans;
mod variables;
mod viewer;
mod warnings;
mod wire;

use std::io::{self, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry::global;
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use throughline_telemetry::{Exporter, Telemetry, TelemetryConfig, init};
use throughline_test_support::Vacant;

/// Telemetry is one for the process, so its tests take turns.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a test in a child process, for tests that wait for a long time: telemetry is one for a process, so
/// others take their turns meanwhile. `name` is the path of the test.
fn in_own_process(name: &str, test: impl FnOnce()) {
    const CHILD: &str = "THROUGHLINE_TEST_PROCESS";
    if std::env::var_os(CHILD).is_some() {
        return test();
    }
    let child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .expect("run");
    let printed = String::from_utf8_lossy(&child.stdout) + String::from_utf8_lossy(&child.stderr);
    assert!(
        child.status.success() && printed.contains("1 passed"),
        "{name} in its own process: {printed}"
    );
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

/// A configuration whose exports may take an hour: what returns before has not waited for one.
fn waiting_for_an_hour() -> TelemetryConfig {
    let hour = TelemetryConfig::from_vars([("OTEL_EXPORTER_OTLP_TIMEOUT", "3600000")]);
    hour.expect("accepted").with_enabled(true)
}

fn record(telemetry: &Telemetry, name: &'static str) {
    telemetry
        .tracer_provider()
        .expect("spans are on")
        .tracer("test")
        .start(name)
        .end();
}

/// What is on its way arrives within this, on the slowest machine; nothing that works takes it.
const TEST_TIMEOUT: Duration = Duration::from_secs(60);

/// A collector that takes connections and never answers.
fn black_hole() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, url)
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
    telemetry.flush(TEST_TIMEOUT).expect("flushed");
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
        "versions    opentelemetry {}, opentelemetry_sdk {}",
        api[0], sdk[0]
    );
    assert_eq!(
        diagnosis.to_string(),
        format!("{expected}{versions}"),
        "all is well"
    );
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");

    let vacant = Vacant::new();
    let url = format!("http://{}", vacant.address());
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::Otlp);
    let telemetry = init(config.with_endpoint(&url).with_sampling_rate(0.0)).expect("started");
    let refused = "Connection refused (os error 111)";
    let expected = [
        "the sampling rate is 0: no new trace is recorded".to_owned(),
        format!("traces cannot reach {url}/v1/traces: {refused}"),
        format!("metrics cannot reach {url}/v1/metrics: {refused}"),
    ];
    assert_eq!(
        telemetry.diagnose_within(TEST_TIMEOUT).warnings,
        expected,
        "no listener"
    );
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
    let expected = format!("telemetry is already running, started at {file}:{line}:17: shut it down first");
    assert_eq!(text, expected, "the message");
    assert!(
        error.is_already_running() && !error.is_configuration(),
        "what kind it is"
    );
    first.shutdown_within(TEST_TIMEOUT).expect("ended");
    init(console(&writer))
        .expect("again, after the first has ended")
        .shutdown_within(TEST_TIMEOUT)
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
    telemetry.flush(TEST_TIMEOUT).expect("flushed");
    let text = writer.text();
    let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part:?} in {text}"));
    assert!(
        at("● work ") < at("\nmetrics            input  output\nall (prompt_size)    123\n"),
        "the tree, then the metrics: {text}"
    );
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
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
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
    assert_eq!(writer.text(), "", "nothing");
}
