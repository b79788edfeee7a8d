//! Deliveries over OTLP, the same for each transport and each signal: nothing is lost in silence, whatever is
//! recorded and whatever the collector answers.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::logs::{AnyValue, LogRecord, Logger, LoggerProvider};
use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use throughline_telemetry::{
    Compression, Exporter, Protocol, SignalDiagnosis, Telemetry, TelemetryConfig, init,
};

use crate::receiver::{Answer, Received, Receiver};
use crate::{TEST_TIMEOUT, black_hole, in_own_process, turn, warnings};

const PROTOCOLS: [Protocol; 3] = [Protocol::Grpc, Protocol::HttpProtobuf, Protocol::HttpJson];
const SIGNALS: [&str; 3] = ["traces", "logs", "metrics"];

/// What is counted of each signal.
fn items(signal: &str) -> &'static str {
    match signal {
        "traces" => "spans",
        "logs" => "log records",
        _ => "data points",
    }
}

/// A configuration that sends one signal to an address.
fn only(signal: &str, protocol: Protocol, url: &str) -> TelemetryConfig {
    let exporter = |other: &str| {
        if other == signal {
            Exporter::Otlp
        } else {
            Exporter::None
        }
    };
    TelemetryConfig::default()
        .with_enabled(true)
        .with_exporter(exporter("traces"))
        .with_metrics_exporter(exporter("metrics"))
        .with_logs_exporter(exporter("logs"))
        .with_endpoint(url)
        .with_protocol(protocol)
}

fn url(receiver: &Receiver) -> String {
    format!("http://{}", receiver.address)
}

/// Records one item, whose index arrives, with a text of so many bytes.
fn record(telemetry: &Telemetry, signal: &str, index: usize, bytes: usize) {
    let text = "x".repeat(bytes);
    match signal {
        "traces" => {
            let tracer = telemetry.tracer_provider().expect("spans are on").tracer("test");
            let mut span = tracer.start(index.to_string());
            span.set_attribute(KeyValue::new("text", text));
            span.end();
        }
        "logs" => {
            let logger = telemetry.logger_provider().expect("logs are on").logger("test");
            let mut record = logger.create_log_record();
            record.add_attribute("index", index.to_string());
            record.set_body(AnyValue::from(text));
            logger.emit(record);
        }
        _ => {
            let meter = telemetry.meter_provider().expect("metrics are on").meter("test");
            let labels = [
                KeyValue::new("index", index.to_string()),
                KeyValue::new("text", text),
            ];
            meter.u64_counter("items").build().add(1, &labels);
        }
    }
}

fn diagnosed(telemetry: &Telemetry) -> SignalDiagnosis {
    telemetry.diagnose_within(Duration::ZERO).signals.remove(0)
}

/// The indices of all items that came, in order; metrics come again with each collection.
fn arrived(received: &[Received]) -> Vec<usize> {
    let indices = received.iter().flat_map(|request| &request.items);
    let mut indices: Vec<usize> = indices.map(|index| index.parse().expect("an index")).collect();
    indices.sort_unstable();
    indices
}

/// Runs a test for each signal over each transport.
fn each(test: impl Fn(&str, &'static str, Protocol)) {
    let _turn = turn();
    warnings::listen();
    for protocol in PROTOCOLS {
        for signal in SIGNALS {
            test(&format!("{signal} over {protocol:?}"), signal, protocol);
        }
    }
}

/// A batch that is larger than a collector takes used to be refused as a whole.
#[test]
fn one_huge_item_among_360_is_dropped_alone() {
    const ALL: usize = 360;
    const HUGE: usize = 123;
    each(|case, signal, protocol| {
        // An unoptimised build takes seconds to redact megabytes of a log record, or to write them as JSON; the
        // others show the default.
        let is_slow = signal == "logs" || protocol == Protocol::HttpJson;
        let limit = if is_slow { 256 << 10 } else { 4 << 20 };
        // What is compressed is split by its size before; one signal shows it for all.
        let compressions = [Compression::None, Compression::Gzip];
        for compression in &compressions[..if signal == "traces" { 2 } else { 1 }] {
            let receiver = Receiver::start(|_, _| Answer::Take);
            let url = url(&receiver);
            let mut config = only(signal, protocol, &url).with_compression(*compression);
            if is_slow {
                config = config.with_max_request_bytes(limit);
            }
            let telemetry = init(config).expect("started");
            for index in 0..ALL {
                let bytes = if index == HUGE { limit / 4 * 5 } else { 100 };
                record(&telemetry, signal, index, bytes);
            }
            telemetry.flush(TEST_TIMEOUT).expect("what can be delivered is");
            let found = diagnosed(&telemetry);
            let case = format!("{case}, {compression:?}");
            let expected: Vec<usize> = (0..ALL).filter(|index| *index != HUGE).collect();
            assert_eq!(
                arrived(&receiver.received()),
                expected,
                "{case}: all others arrived, once"
            );
            let largest = receiver.received().iter().map(|request| request.bytes).max();
            assert!(largest <= Some(limit), "{case}: {largest:?} bytes in one request");
            let delivered = if signal == "metrics" { 1 } else { ALL as u64 - 1 };
            let counts = (
                found.counts.delivered,
                found.counts.lost,
                found.counts.rejected,
                found.counts.too_large,
                found.counts.queued,
            );
            assert_eq!(counts, (delivered, 0, 0, 1, 0), "{case}: {found:?}");
            let reported = warnings::about("max_request_bytes");
            let reported = reported.last().map(String::as_str).unwrap_or_default();
            let items = items(signal);
            let expected = format!(
                "1 {items} were dropped because each one exceeds the size limit of a request, {limit} bytes (max_request_bytes); "
            );
            assert!(reported.starts_with(&expected), "{case}: {reported}");
            let text = telemetry.diagnose_within(TEST_TIMEOUT).to_string();
            assert!(text.contains(", 1 too large"), "{case}: {text}");
            let expected = format!("1 {items} to ");
            assert!(text.contains(&expected), "{case}: a warning: {text}");
            telemetry.shutdown_within(TEST_TIMEOUT).expect("no failure");
        }
    });
}

#[test]
fn what_is_too_large_together_is_sent_in_parts() {
    const ALL: usize = 450;
    const LIMIT: usize = 20_000;
    each(|case, signal, protocol| {
        let receiver = Receiver::start(|_, _| Answer::Take);
        let config = only(signal, protocol, &url(&receiver)).with_max_request_bytes(LIMIT);
        let telemetry = init(config).expect("started");
        for index in 0..ALL {
            record(&telemetry, signal, index, 100);
        }
        telemetry.flush(TEST_TIMEOUT).expect("delivered");
        let received = receiver.received();
        assert_eq!(
            arrived(&received),
            (0..ALL).collect::<Vec<_>>(),
            "{case}: each arrived once"
        );
        assert!(received.len() > 3, "{case}: in {} parts", received.len());
        let largest = received.iter().map(|request| request.bytes).max();
        assert!(largest <= Some(LIMIT), "{case}: {largest:?} bytes in one request");
        let found = diagnosed(&telemetry);
        assert_eq!(
            (found.counts.lost, found.counts.too_large),
            (0, 0),
            "{case}: {found:?}"
        );
        telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
    });
}

/// One part that is refused takes no other with it.
#[test]
fn a_part_that_is_refused_is_lost_alone() {
    const ALL: usize = 450;
    each(|case, signal, protocol| {
        let refuse = |number, _: &Received| match number {
            1 => Answer::Refuse(400, 3, "a bad one"),
            _ => Answer::Take,
        };
        let receiver = Receiver::start(refuse);
        let config = only(signal, protocol, &url(&receiver)).with_max_request_bytes(20_000);
        let telemetry = init(config).expect("started");
        for index in 0..ALL {
            record(&telemetry, signal, index, 100);
        }
        let error = telemetry
            .flush(TEST_TIMEOUT)
            .expect_err("a part was lost")
            .to_string();
        assert!(error.ends_with(": a bad one"), "{case}: {error}");
        assert_eq!(
            arrived(&receiver.received()),
            (0..ALL).collect::<Vec<_>>(),
            "{case}: all were sent"
        );
        let lost = receiver.received()[1].items.len() as u64;
        let (delivered, lost) = if signal == "metrics" {
            (0, 1)
        } else {
            (ALL as u64 - lost, lost)
        };
        let found = diagnosed(&telemetry);
        assert_eq!(
            (found.counts.delivered, found.counts.lost),
            (delivered, lost),
            "{case}: {found:?}"
        );
        telemetry
            .shutdown_within(TEST_TIMEOUT)
            .expect("the next collection is taken");
    });
}

/// 5 rejected of 10 used to be "delivered 10, lost 0".
#[test]
fn what_a_collector_rejects_is_counted_and_said() {
    each(|case, signal, protocol| {
        let receiver = Receiver::start(|_, _| Answer::Reject(5, "too old"));
        let url = url(&receiver);
        let telemetry = init(only(signal, protocol, &url)).expect("started");
        for index in 0..10 {
            record(&telemetry, signal, index, 1);
        }
        telemetry.flush(TEST_TIMEOUT).expect("a partial success is one");
        let found = diagnosed(&telemetry);
        let delivered = if signal == "metrics" { 1 } else { 5 };
        assert_eq!(
            (found.counts.delivered, found.counts.lost, found.counts.rejected),
            (delivered, 0, 5),
            "{case}: {found:?}"
        );
        let expected = format!(
            "{} rejected 5 of 10 {}: too old",
            found.destination,
            items(signal)
        );
        assert_eq!(warnings::about(&url), [expected], "{case}: said");
        assert_eq!(receiver.received().len(), 1, "{case}: and not sent again");
        let text = telemetry.diagnose_within(TEST_TIMEOUT).to_string();
        assert!(text.contains(", 5 rejected\n"), "{case}: {text}");
        telemetry.shutdown_within(TEST_TIMEOUT).expect("no failure");
    });
}

/// No item can be rejected twice, nor less than none.
#[test]
fn nonsense_about_rejections_does_no_harm() {
    each(|case, signal, protocol| {
        for (rejected, counted) in [(i64::MAX, 10), (-1, 0), (i64::MIN, 0)] {
            let receiver = Receiver::start(move |_, _| Answer::Reject(rejected, ""));
            let telemetry = init(only(signal, protocol, &url(&receiver))).expect("started");
            for index in 0..10 {
                record(&telemetry, signal, index, 1);
            }
            telemetry.flush(TEST_TIMEOUT).expect("taken");
            let found = diagnosed(&telemetry);
            assert_eq!(
                (found.counts.lost, found.counts.rejected),
                (0, counted),
                "{case}, {rejected}: {found:?}"
            );
            telemetry.shutdown_within(TEST_TIMEOUT).expect("no failure");
        }
    });
}

#[test]
fn advice_is_said_once_and_rejects_nothing() {
    each(|case, signal, protocol| {
        let receiver = Receiver::start(|_, _| Answer::Reject(0, "use a newer version"));
        let url = url(&receiver);
        let telemetry = init(only(signal, protocol, &url)).expect("started");
        for index in 0..3 {
            record(&telemetry, signal, index, 1);
            telemetry.flush(TEST_TIMEOUT).expect("taken");
        }
        let found = diagnosed(&telemetry);
        assert_eq!(
            (found.counts.delivered, found.counts.lost, found.counts.rejected),
            (3, 0, 0),
            "{case}: {found:?}"
        );
        let expected = format!(
            "{} accepts {signal} with the message: use a newer version (reported once)",
            found.destination
        );
        assert_eq!(warnings::about(&url), [expected], "{case}: said");
        telemetry.shutdown_within(TEST_TIMEOUT).expect("no failure");
    });
}

/// Only the first outage of a process used to be reported, and no end.
#[test]
fn the_beginning_and_the_end_of_each_outage_are_said() {
    each(|case, signal, protocol| {
        // Taken, refused twice, taken, refused, taken.
        let receiver = Receiver::start(|number, _| match number {
            1 | 2 | 4 => Answer::Refuse(500, 13, "disk full"),
            _ => Answer::Take,
        });
        let url = url(&receiver);
        let telemetry = init(only(signal, protocol, &url)).expect("started");
        for index in 0..6 {
            record(&telemetry, signal, index, 1);
            let flushed = telemetry.flush(TEST_TIMEOUT);
            assert_eq!(
                flushed.is_ok(),
                [0, 3, 5].contains(&index),
                "{case}, {index}: {flushed:?}"
            );
        }
        let destination = diagnosed(&telemetry).destination;
        let why = match protocol {
            Protocol::Grpc => "gRPC Internal: disk full",
            _ => "HTTP export failed with status code: 500: disk full",
        };
        let began = format!("{signal} are not reaching {destination}: {why} (see Telemetry::diagnose)");
        let deliveries = if signal == "metrics" {
            "collections of metrics"
        } else {
            items(signal)
        };
        let reported = warnings::about(&url);
        let reported: Vec<&str> = reported.iter().map(String::as_str).collect();
        let [first, end, second, other_end] = reported[..] else {
            panic!("{case}: two beginnings and two ends, not {reported:?}");
        };
        assert_eq!((first, second), (&*began, &*began), "{case}: the beginnings");
        for (end, lost) in [(end, 2), (other_end, 1)] {
            let is_end = end.starts_with(&format!("{signal} reach {destination} again after "));
            assert!(
                is_end && end.ends_with(&format!(" s; {deliveries} lost: {lost}")),
                "{case}: {end}"
            );
        }
        telemetry.shutdown_within(TEST_TIMEOUT).expect("it is over");
    });
}

/// A collector that comes and goes does not fill the log; unreported outages are summed up at shutdown.
#[test]
fn outages_that_follow_each_other_are_summed_up() {
    let _turn = turn();
    warnings::listen();
    let receiver = Receiver::start(|number, _| match number % 2 {
        0 => Answer::Refuse(400, 3, "no"),
        _ => Answer::Take,
    });
    let url = url(&receiver);
    let telemetry = init(only("traces", Protocol::HttpProtobuf, &url)).expect("started");
    for index in 0..50 {
        record(&telemetry, "traces", index, 1);
        let _ = telemetry.flush(TEST_TIMEOUT);
    }
    let before = warnings::about(&url);
    // A slow machine may see more reports.
    assert!((6..50).contains(&before.len()), "25 outages: {before:?}");
    let lost = diagnosed(&telemetry).counts.lost;
    assert_eq!(lost, 25, "one span in each");
    telemetry
        .shutdown_within(TEST_TIMEOUT)
        .expect("the last was taken");
    let reported = warnings::about(&url);
    let number = |line: &str, after: &str| -> Option<u64> {
        let (_, rest) = line.split_once(after)?;
        rest.split(|character: char| !character.is_ascii_digit())
            .next()?
            .parse()
            .ok()
    };
    let ends = reported.iter().filter_map(|line| number(line, "spans lost: "));
    let sums = reported
        .iter()
        .filter_map(|line| number(line, "spans lost during them: "));
    assert_eq!(
        ends.sum::<u64>() + sums.sum::<u64>(),
        25,
        "each outage is in some message: {reported:?}"
    );
}

/// The words of a collector used to be dropped; of gRPC there was the code only.
#[test]
fn a_refusal_is_told_in_the_collectors_words() {
    each(|case, signal, protocol| {
        for (status, code, name) in [
            (400, 3, "InvalidArgument"),
            (401, 16, "Unauthenticated"),
            (403, 7, "PermissionDenied"),
            (413, 8, "ResourceExhausted"),
            (500, 13, "Internal"),
        ] {
            let receiver =
                Receiver::start(move |_, _| Answer::Refuse(status, code, "quota of tenant 7 exceeded"));
            let telemetry = init(only(signal, protocol, &url(&receiver))).expect("started");
            record(&telemetry, signal, 0, 1);
            let error = telemetry
                .shutdown_within(TEST_TIMEOUT)
                .expect_err("refused")
                .to_string();
            let why = match protocol {
                Protocol::Grpc => format!("gRPC {name}"),
                _ => format!("HTTP export failed with status code: {status}"),
            };
            let advice = match status {
                401 | 403 => "; it rejects the credentials: check the headers (OTEL_EXPORTER_OTLP_HEADERS)",
                _ => "",
            };
            let expected =
                format!("not everything was delivered; {signal}: {why}: quota of tenant 7 exceeded{advice}");
            assert_eq!(error, expected, "{case}, {status}");
            assert_eq!(receiver.received().len(), 1, "{case}, {status}: not sent again");
        }
    });
}

/// A run with metrics used to end in an error where the backend takes traces only.
#[test]
fn a_signal_that_a_destination_lacks_is_switched_off() {
    each(|case, signal, protocol| {
        let receiver = Receiver::start(|_, _| Answer::Refuse(404, 12, "unknown service"));
        let url = url(&receiver);
        let telemetry = init(only(signal, protocol, &url)).expect("started");
        for index in 0..3 {
            record(&telemetry, signal, index, 1);
            telemetry.flush(TEST_TIMEOUT).expect("no failure");
        }
        assert_eq!(receiver.received().len(), 1, "{case}: it was tried once");
        let found = diagnosed(&telemetry);
        let why = match protocol {
            Protocol::Grpc => "Unimplemented: unknown service",
            _ => "404 Not Found: unknown service",
        };
        assert_eq!(found.switched_off.as_deref(), Some(why), "{case}: why");
        assert_eq!(
            (found.counts.delivered, found.counts.lost),
            (0, 3),
            "{case}: each is accounted for"
        );
        let reported = warnings::about(&url);
        assert_eq!(reported.len(), 1, "{case}: one hint: {reported:?}");
        let expected = format!(
            "{signal} are switched off: {} answers {why}. If it does not support {signal}, set OTEL_{}_EXPORTER=none; \
             otherwise check the endpoint",
            found.destination,
            signal.to_uppercase()
        );
        assert_eq!(reported[0], expected, "{case}: the hint");
        let warnings = telemetry.diagnose_within(TEST_TIMEOUT).warnings.join("\n");
        let expected = format!("{signal} are switched off: {} answers {why}", found.destination);
        assert!(warnings.contains(&expected), "{case}: {warnings}");
        telemetry.shutdown_within(TEST_TIMEOUT).expect("no failure");
    });
}

#[test]
fn the_signals_that_a_destination_has_go_on() {
    let _turn = turn();
    for protocol in PROTOCOLS {
        let receiver = Receiver::start(|_, request| match request.signal {
            "traces" => Answer::Take,
            _ => Answer::Refuse(404, 12, "traces only"),
        });
        let config = only("traces", protocol, &url(&receiver));
        let config = config
            .with_metrics_exporter(Exporter::Otlp)
            .with_logs_exporter(Exporter::Otlp);
        let telemetry = init(config).expect("started");
        for index in 0..5 {
            SIGNALS
                .iter()
                .for_each(|signal| record(&telemetry, signal, index, 1));
            telemetry.flush(TEST_TIMEOUT).expect("no failure");
        }
        telemetry.shutdown_within(TEST_TIMEOUT).expect("a clean end");
        let requests = receiver.received();
        let requests_for = |signal: &str| requests.iter().filter(|request| request.signal == signal).count();
        assert_eq!(
            (
                requests_for("traces"),
                requests_for("logs"),
                requests_for("metrics")
            ),
            (5, 1, 1),
            "{protocol:?}"
        );
    }
}

/// An answer of megabytes, and one that breaks off, used to have the same spans sent four times.
#[test]
fn an_answer_that_cannot_be_read_is_a_delivery() {
    each(|case, signal, protocol| {
        for answer in [Answer::Huge, Answer::Endless, Answer::Broken] {
            let case = format!("{case}, {answer:?}");
            let receiver = Receiver::start(move |_, _| answer.clone());
            let telemetry = init(only(signal, protocol, &url(&receiver))).expect("started");
            for index in 0..10 {
                record(&telemetry, signal, index, 1);
            }
            telemetry.flush(TEST_TIMEOUT).expect("delivered");
            assert_eq!(receiver.received().len(), 1, "{case}: sent once");
            let found = diagnosed(&telemetry);
            let delivered = if signal == "metrics" { 1 } else { 10 };
            assert_eq!(
                (found.counts.delivered, found.counts.lost),
                (delivered, 0),
                "{case}: {found:?}"
            );
            telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
        }
    });
}

#[test]
fn a_wait_that_the_collector_names_is_kept() {
    in_own_process("otlp::a_wait_that_the_collector_names_is_kept", || {
        for protocol in PROTOCOLS {
            // Each signal waits on its own thread, so they can wait at the same time.
            let deferred = Mutex::new(BTreeSet::new());
            let receiver = Receiver::start(move |_, request| {
                if deferred.lock().expect("unpoisoned").insert(request.signal) {
                    Answer::Later
                } else {
                    Answer::Take
                }
            });
            let config = only("traces", protocol, &url(&receiver))
                .with_metrics_exporter(Exporter::Otlp)
                .with_logs_exporter(Exporter::Otlp);
            let telemetry = init(config).expect("started");
            SIGNALS.iter().for_each(|signal| record(&telemetry, signal, 0, 1));
            telemetry.flush(TEST_TIMEOUT).expect("delivered in the end");
            let received = receiver.received();
            for signal in SIGNALS {
                let case = format!("{signal} over {protocol:?}");
                let requests: Vec<_> = received
                    .iter()
                    .filter(|request| request.signal == signal)
                    .collect();
                let [first, second] = requests[..] else {
                    panic!("{case}: sent twice, not {requests:?}");
                };
                assert_eq!(
                    (&first.items, &second.items),
                    (&vec!["0".to_owned()], &first.items),
                    "{case}: the same"
                );
                let waited = second.at - first.at;
                assert!(
                    waited >= Duration::from_secs(1),
                    "{case}: after a second, not {waited:?}"
                );
            }
            for found in telemetry.diagnose_within(Duration::ZERO).signals {
                assert_eq!(
                    (found.counts.delivered, found.counts.lost),
                    (1, 0),
                    "{protocol:?}: {found:?}"
                );
            }
            telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
        }
    });
}

/// A collector that is slower than the SDK's own limit of 5 seconds, and telemetry that has recorded one item of each
/// signal for it.
fn slow_delivery() -> (Receiver, Telemetry) {
    let receiver = Receiver::start(|_, _| Answer::Slowly(SDK_LIMIT + Duration::from_millis(200)));
    let config = TelemetryConfig::from_vars([
        ("OTEL_TRACES_EXPORTER", "otlp"),
        ("OTEL_METRICS_EXPORTER", "otlp"),
        ("OTEL_LOGS_EXPORTER", "otlp"),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &url(&receiver)),
    ]);
    let telemetry = init(config.expect("accepted")).expect("started");
    SIGNALS.iter().for_each(|signal| record(&telemetry, signal, 0, 1));
    (receiver, telemetry)
}

const SDK_LIMIT: Duration = Duration::from_secs(5);

/// The SDK gives up after its limit: a flush with more time used to be an error, though all arrived.
#[test]
fn a_flush_takes_the_time_it_has() {
    in_own_process("otlp::a_flush_takes_the_time_it_has", || {
        let (receiver, telemetry) = slow_delivery();
        let begin = Instant::now();
        telemetry.flush(TEST_TIMEOUT).expect("all arrived");
        assert!(begin.elapsed() > SDK_LIMIT, "it takes longer than the SDK waits");
        let found = telemetry.diagnose_within(Duration::ZERO).signals;
        let counts: Vec<_> = found
            .iter()
            .map(|signal| (signal.counts.delivered, signal.counts.lost))
            .collect();
        assert_eq!(counts, [(1, 0); 3], "each signal");
        drop(receiver);
    });
}

/// As a flush.
#[test]
fn a_shutdown_takes_the_time_it_has() {
    in_own_process("otlp::a_shutdown_takes_the_time_it_has", || {
        let (receiver, telemetry) = slow_delivery();
        let begin = Instant::now();
        telemetry.shutdown_within(TEST_TIMEOUT).expect("all arrived");
        assert!(begin.elapsed() > SDK_LIMIT, "it takes longer than the SDK waits");
        assert_eq!(arrived(&receiver.received()), [0; 3], "each signal");
    });
}

/// A silent collector and 25 requests used to hold 1.26 GB.
#[test]
fn a_queue_is_bounded_in_bytes_too() {
    // Log records are redacted, which takes an unoptimised build milliseconds for each.
    const LIMIT: usize = 128 << 10;
    const ITEM: usize = 12_000;
    let _turn = turn();
    warnings::listen();
    let (_listener, hole) = black_hole();
    for signal in ["traces", "logs"] {
        for protocol in [Protocol::Grpc, Protocol::HttpProtobuf] {
            let config = only(signal, protocol, &hole);
            assert_eq!(config.max_queue_bytes, 64 << 20, "the default");
            let telemetry = init(config.with_max_queue_bytes(LIMIT)).expect("started");
            for index in 0..100 {
                record(&telemetry, signal, index, ITEM);
            }
            let found = diagnosed(&telemetry);
            let case = format!("{signal} over {protocol:?}: {found:?}");
            assert_eq!(
                found.counts.dropped_for_bytes, 90,
                "there is room for ten and what is around them: {case}"
            );
            assert_eq!(found.counts.dropped, 0, "there are places enough: {case}");
            let reported = warnings::about("max_queue_bytes");
            let expected = format!(
                "{} exceed the memory limit of the queue for {}: 1 were dropped",
                items(signal),
                found.destination
            );
            assert!(
                reported.iter().any(|line| line.starts_with(&expected)),
                "{case}: {reported:?}"
            );
            let text = telemetry.diagnose_within(Duration::ZERO).to_string();
            assert!(text.contains(", 90 dropped for their bytes"), "{case}: {text}");
            telemetry
                .shutdown_within(Duration::from_millis(100))
                .expect_err("nobody answers");
        }
        let receiver = Receiver::start(|_, _| Answer::Take);
        let config = only(signal, Protocol::HttpProtobuf, &url(&receiver)).with_max_queue_bytes(LIMIT);
        let telemetry = init(config).expect("started");
        for index in 0..50 {
            record(&telemetry, signal, index, ITEM);
            telemetry.flush(TEST_TIMEOUT).expect("delivered");
        }
        let found = diagnosed(&telemetry);
        let counts = (
            found.counts.delivered,
            found.counts.dropped_for_bytes,
            found.counts.dropped,
        );
        assert_eq!(counts, (50, 0, 0), "{signal}: bytes are free again: {found:?}");
        telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
    }
}
