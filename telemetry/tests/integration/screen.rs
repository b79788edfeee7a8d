//! A console that is slow, stops, fails or closes: what is not printed is counted and reported.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::{Span, SpanKind, TraceContextExt, Tracer, TracerProvider};
use throughline_telemetry::{Exporter, Telemetry, TelemetryConfig, init};

use crate::{Shared, TEST_TIMEOUT, turn};

fn to_console() -> TelemetryConfig {
    TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::Console)
        .with_metrics_exporter(Exporter::None)
}

/// Records `count` traces of three spans.
fn record(telemetry: &Telemetry, traces: usize) {
    let tracer = telemetry.tracer_provider().expect("spans are on").tracer("test");
    for number in 0..traces {
        let root = tracer
            .span_builder(format!("root {number}"))
            .with_kind(SpanKind::Server)
            .start(&tracer);
        let context = opentelemetry::Context::new().with_span(root);
        for _ in 0..2 {
            tracer.start_with_context("child", &context).end();
        }
        context.span().end();
    }
}

/// The delivered, lost, dropped and queued spans.
fn counts(telemetry: &Telemetry) -> (u64, u64, u64, usize) {
    let traces = telemetry.diagnose().signals.remove(0);
    assert_eq!(traces.counts.dropped, 0, "the queue is bounded in bytes");
    (
        traces.counts.delivered,
        traces.counts.lost,
        traces.counts.dropped_for_bytes,
        traces.counts.queued,
    )
}

/// A writer that blocks until it is opened.
#[derive(Debug, Clone, Default)]
struct Gate {
    is_open: Arc<(Mutex<bool>, Condvar)>,
    written: Shared,
}

impl Gate {
    fn open(&self) {
        *self.is_open.0.lock().expect("unpoisoned") = true;
        self.is_open.1.notify_all();
    }
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let is_open = self.is_open.0.lock().expect("unpoisoned");
        drop(
            self.is_open
                .1
                .wait_while(is_open, |is_open| !*is_open)
                .expect("unpoisoned"),
        );
        self.written.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// 252 of 450 traces used to be lost in silence.
#[test]
fn a_console_that_stands_still_for_a_while_loses_nothing() {
    let _turn = turn();
    let gate = Gate::default();
    let telemetry = init(to_console().with_console_writer(gate.clone())).expect("started");
    record(&telemetry, 4_500);
    assert_eq!(counts(&telemetry), (0, 0, 0, 13_500), "all wait");
    gate.open();
    telemetry.flush(TEST_TIMEOUT).expect("printed");
    assert_eq!(counts(&telemetry), (13_500, 0, 0, 0), "all are printed");
    telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
    let printed = gate.written.text();
    let traces = printed.lines().filter(|line| line.starts_with("trace ")).count();
    assert_eq!(traces, 4_500, "each trace");
}

#[test]
fn what_finds_no_room_is_counted_and_reported_at_the_end() {
    let _turn = turn();
    let gate = Gate::default();
    let telemetry = init(to_console().with_console_writer(gate.clone())).expect("started");
    let tracer = telemetry.tracer_provider().expect("spans are on").tracer("test");
    const SPANS: u64 = 200;
    for _ in 0..SPANS {
        let mut span = tracer.start("large");
        span.set_attribute(KeyValue::new("text", "x".repeat(1 << 20)));
        span.end();
    }
    let (delivered, lost, dropped, queued) = counts(&telemetry);
    assert_eq!((delivered, lost), (0, 0), "nothing is decided");
    assert_eq!(dropped + queued as u64, SPANS, "each span is accounted for");
    assert!((50..150).contains(&dropped), "64 MiB wait, not {queued}");
    let warnings = telemetry.diagnose().warnings;
    let expected = format!(
        "{dropped} spans to the console were dropped because they exceeded the queue's limit in bytes"
    );
    assert!(warnings.contains(&expected), "{warnings:?}");
    gate.open();
    telemetry.flush(TEST_TIMEOUT).expect("there is room again");
    assert_eq!(
        counts(&telemetry),
        (queued as u64, 0, dropped, 0),
        "what waited is printed"
    );
    let error = telemetry
        .shutdown_within(TEST_TIMEOUT)
        .expect_err("some were dropped")
        .to_string();
    let expected = format!(
        "not everything was delivered; traces: {dropped} spans were dropped: they were recorded faster than they were \
         printed"
    );
    assert_eq!(error, expected, "how many");
}

#[test]
fn a_console_that_stands_still_to_the_end_is_reported() {
    let _turn = turn();
    let gate = Gate::default();
    let telemetry = init(to_console().with_console_writer(gate.clone())).expect("started");
    record(&telemetry, 10);
    let error = telemetry.shutdown_within(Duration::from_millis(500));
    let error = error.expect_err("nothing was printed").to_string();
    assert!(
        error.starts_with("not everything was delivered; traces: "),
        "{error}"
    );
    gate.open();
}

/// A writer that fails in its own way.
#[derive(Debug)]
enum Broken {
    Closed,
    Full,
    Panicking,
}

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        match self {
            Self::Closed => Err(io::ErrorKind::BrokenPipe.into()),
            Self::Full => Ok(0),
            Self::Panicking => panic_with("a writer"),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[expect(clippy::panic, reason = "a writer that panics is what is tested")]
fn panic_with(message: &str) -> ! {
    panic!("{message}")
}

/// A panic used to be no loss at all.
#[test]
fn what_a_broken_console_does_not_print_is_lost() {
    let _turn = turn();
    for (broken, why) in [
        (Broken::Closed, "the console: broken pipe"),
        (Broken::Full, "the console: failed to write whole buffer"),
        (Broken::Panicking, "the console: the writer panicked"),
    ] {
        let what = format!("{broken:?}");
        let telemetry = init(to_console().with_console_writer(broken)).expect("started");
        record(&telemetry, 3);
        let error = telemetry
            .flush(TEST_TIMEOUT)
            .expect_err("not printed")
            .to_string();
        assert_eq!(
            error,
            format!("not everything was delivered; traces: {why}"),
            "{what}"
        );
        record(&telemetry, 2);
        telemetry.flush(TEST_TIMEOUT).expect_err("not printed either");
        assert_eq!(
            counts(&telemetry),
            (0, 15, 0, 0),
            "{what}: each span is accounted for"
        );
        let failure = telemetry.diagnose().signals.remove(0).failure;
        assert_eq!(failure.as_deref(), Some(why), "{what}: why");
        let error = telemetry
            .shutdown_within(TEST_TIMEOUT)
            .expect_err("the end says it too")
            .to_string();
        let expected = format!("not everything was delivered; traces: 15 spans were lost: {why}");
        assert_eq!(error, expected, "{what}: how many");
    }
}

/// A panicking writer costs logs and metrics no more than spans.
#[test]
fn a_panic_of_the_writer_ends_no_exporter() {
    let _turn = turn();
    let config = TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(Exporter::None)
        .with_metrics_exporter(Exporter::Console)
        .with_logs_exporter(Exporter::Console)
        .with_console_writer(Broken::Panicking);
    let telemetry = init(config).expect("started");
    let counter = opentelemetry::global::meter_provider()
        .meter("test")
        .u64_counter("n")
        .build();
    for round in 1..=2 {
        counter.add(1, &[]);
        let provider = telemetry.logger_provider().expect("logs are on");
        let logger = opentelemetry::logs::LoggerProvider::logger(provider, "test");
        use opentelemetry::logs::Logger;
        logger.emit(logger.create_log_record());
        telemetry.flush(TEST_TIMEOUT).expect_err("not printed");
        for signal in telemetry.diagnose().signals {
            let counts = (signal.counts.delivered, signal.counts.lost);
            assert_eq!(counts, (0, round), "{} in round {round}", signal.signal);
        }
    }
    let _ = telemetry.shutdown_within(TEST_TIMEOUT);
}

const CHILD: &str = "THROUGHLINE_TEST_CONSOLE";

/// This test in a child process, whose standard output is a pipe.
fn child(test: &str) -> std::process::Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", &format!("screen::{test}"), "--nocapture"])
        .env(CHILD, "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a child")
}

/// The end of the program used to lose what a slow reader had not read.
#[test]
fn a_slow_reader_of_a_pipe_gets_every_trace() {
    const TRACES: usize = 2_000;
    if std::env::var_os(CHILD).is_some() {
        let _turn = turn();
        let telemetry = init(to_console()).expect("started");
        record(&telemetry, TRACES);
        telemetry.shutdown_within(TEST_TIMEOUT).expect("all is printed");
        return;
    }
    let mut child = child("a_slow_reader_of_a_pipe_gets_every_trace");
    let mut reader = BufReader::with_capacity(64, child.stdout.take().expect("a pipe"));
    let (mut traces, mut line) = (0, String::new());
    while reader.read_line(&mut line).expect("text") > 0 {
        traces += usize::from(line.starts_with("trace "));
        line.clear();
        // As slow as it can be without a clock.
        (0..100).for_each(|_| std::thread::yield_now());
    }
    assert_eq!(traces, TRACES, "each trace");
    assert!(child.wait().expect("ended").success(), "a clean end");
}

#[test]
fn a_reader_that_goes_away_stops_no_service() {
    if std::env::var_os(CHILD).is_some() {
        let _turn = turn();
        let telemetry = init(to_console()).expect("started");
        record(&telemetry, 1);
        telemetry.flush(TEST_TIMEOUT).expect("printed");
        // The other side closes the pipe when it has seen the first trace, and answers by standard error's
        // being read.
        let mut all = 0;
        while counts(&telemetry).1 == 0 {
            all += 1;
            assert!(all < 100_000, "the pipe is still open");
            record(&telemetry, 1);
            let _ = telemetry.flush(TEST_TIMEOUT);
        }
        record(&telemetry, 100);
        let _ = telemetry.flush(TEST_TIMEOUT);
        let (delivered, lost, dropped, queued) = counts(&telemetry);
        assert_eq!((dropped, queued), (0, 0), "nothing waits");
        assert_eq!(
            delivered + lost,
            3 * (1 + all + 100),
            "each span is accounted for"
        );
        let error = telemetry
            .shutdown_within(TEST_TIMEOUT)
            .expect_err("most were lost")
            .to_string();
        assert!(error.contains("Broken pipe"), "{error}");
        eprintln!("the service went on to its end");
        // The harness would print to the pipe that is closed.
        std::process::exit(0);
    }
    let mut child = child("a_reader_that_goes_away_stops_no_service");
    let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    while !line.starts_with("trace ") {
        line.clear();
        assert!(reader.read_line(&mut line).expect("text") > 0, "a trace");
    }
    drop(reader);
    let mut errors = String::new();
    child
        .stderr
        .take()
        .expect("a pipe")
        .read_to_string(&mut errors)
        .expect("text");
    let status = child.wait().expect("ended");
    assert!(status.success(), "{status}: {errors}");
    assert!(errors.contains("the service went on to its end"), "{errors}");
    let reported = errors
        .matches("traces are not reaching the console: the console: Broken pipe")
        .count();
    assert_eq!(reported, 1, "reported once: {errors}");
    assert!(!errors.contains("panicked"), "{errors}");
}
