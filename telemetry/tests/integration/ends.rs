//! A shutdown is on time and reports what was lost.

use std::process::Stdio;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use opentelemetry::global::{self, BoxedSpan};
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use throughline_telemetry::{Exporter, Protocol, TelemetryConfig, init};
use throughline_test_support::Vacant;
use throughline_tracing_layer::pending;

use crate::collector::{Answer, Collector};
use crate::{Shared, TEST_TIMEOUT, black_hole, console, record, turn, waiting_for_an_hour};

fn ends_in_time(protocol: Protocol) {
    let deadline = Duration::from_millis(100);
    let (_listener, url) = black_hole();
    let config = waiting_for_an_hour().with_exporter(Exporter::Otlp);
    let telemetry = init(config.with_endpoint(url).with_protocol(protocol)).expect("started");
    global::meter_provider()
        .meter("test")
        .u64_counter("n")
        .build()
        .add(1, &[]);
    record(&telemetry, "lost");
    let begin = Instant::now();
    let flushed = telemetry.flush(deadline).expect_err("no answer").to_string();
    let ended = telemetry
        .shutdown_within(deadline)
        .expect_err("no answer")
        .to_string();
    let late =
        "not everything was delivered; traces: not finished within 100ms; metrics: not finished within 100ms";
    assert_eq!((flushed.as_str(), ended.as_str()), (late, late), "{protocol:?}");
    assert!(
        begin.elapsed() < TEST_TIMEOUT,
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
        let vacant = Vacant::new();
        let url = format!("http://{}", vacant.address());
        let config = TelemetryConfig::default()
            .with_enabled(true)
            .with_exporter(Exporter::Otlp);
        let telemetry = init(config.with_endpoint(url).with_protocol(protocol)).expect("started");
        record(&telemetry, "lost");
        let error = telemetry
            .shutdown_within(TEST_TIMEOUT)
            .expect_err("no listener")
            .to_string();
        let why = match protocol {
            Protocol::Grpc => {
                "gRPC Unavailable: transport error: tcp connect error: Connection refused (os error 111)"
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

/// A page for people counted as a delivery, because its status is 200.
#[test]
fn a_page_for_people_is_no_delivery() {
    let _turn = turn();
    let collector = Collector::start(Answer::Page);
    let telemetry = init(collector.of_traces(Protocol::HttpProtobuf)).expect("started");
    record(&telemetry, "lost");
    let error = telemetry
        .shutdown_within(TEST_TIMEOUT)
        .expect_err("not delivered");
    assert_eq!(
        error.to_string(),
        "not everything was delivered; traces: it answers with an HTML page, so it is not an OTLP receiver",
        "why"
    );
}

/// Spans of model calls whose tokens were still being counted used to be lost at the end, unless the program
/// waited.
#[test]
fn what_is_recorded_late_is_waited_for() {
    static LATE: Mutex<Option<BoxedSpan>> = Mutex::new(None);
    let _turn = turn();
    let screen = Shared::default();
    let telemetry = init(console(&screen)).expect("started");
    *LATE.lock().expect("unpoisoned") = Some(global::tracer_provider().tracer("test").start("late"));
    pending::register(|within| {
        if let Some(mut span) = LATE.lock().expect("unpoisoned").take() {
            assert!(within > Duration::ZERO, "there is time");
            span.end();
        }
        true
    });
    telemetry.shutdown_within(TEST_TIMEOUT).expect("a clean end");
    assert!(screen.text().contains("late"), "{}", screen.text());
}

/// The SDK's flush finds nothing to do when a full batch is on its way, and its shutdown hides the result:
/// 2048 lost spans used to be a clean end.
#[test]
fn a_batch_under_way_that_fails_is_reported() {
    static COLLECTOR: Mutex<Option<Collector>> = Mutex::new(None);
    let _turn = turn();
    let collector = Collector::start(Answer::Silence);
    let telemetry = init(collector.of_traces(Protocol::HttpProtobuf)).expect("started");
    for _ in 0..512 {
        record(&telemetry, "under way");
    }
    // Asked when the end has begun: from now on it refuses.
    *COLLECTOR.lock().expect("unpoisoned") = Some(collector);
    pending::register(|_| {
        if let Some(collector) = COLLECTOR.lock().expect("unpoisoned").take() {
            collector.answer(Answer::Status(400));
        }
        true
    });
    let error = telemetry
        .shutdown_within(TEST_TIMEOUT)
        .expect_err("512 spans were lost");
    assert_eq!(
        error.to_string(),
        "not everything was delivered; traces: HTTP export failed with status code: 400",
        "which, and why"
    );
}

/// A `main` that ended with `shutdown()?` failed because its collector was down. Another process ends here:
/// this test, begun again.
#[test]
fn a_collector_that_is_down_is_a_warning_and_no_failure() {
    const CHILD: &str = "THROUGHLINE_TEST_CHILD";
    if let Ok(end) = std::env::var(CHILD) {
        let telemetry = throughline_telemetry::init_from_env().expect("started");
        record(&telemetry, "lost");
        match &*end {
            "warn" => telemetry.shutdown_or_warn(),
            _ => drop(telemetry),
        }
        return;
    }
    let vacant = Vacant::new();
    let start = |end| {
        std::process::Command::new(std::env::current_exe().expect("this test"))
            .args([
                "--exact",
                "ends::a_collector_that_is_down_is_a_warning_and_no_failure",
                "--nocapture",
            ])
            .env(CHILD, end)
            .env(
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                format!("http://{}", vacant.address()),
            )
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
            .env("OTEL_METRICS_EXPORTER", "none")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started")
    };
    for (end, child) in ["warn", "drop"].map(|end| (end, start(end))) {
        let test = child.wait_with_output().expect("run");
        let stderr = String::from_utf8_lossy(&test.stderr);
        assert!(test.status.success(), "{end}: {stderr}");
        let warning = "throughline: not everything was delivered; traces: ";
        assert!(stderr.contains(warning), "{end}: it is stderr: {stderr}");
    }
}
