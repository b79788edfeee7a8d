//! Requests and queues are bounded: what is too large is split, or dropped and counted.

use std::time::Duration;

use throughline_telemetry::{Compression, Protocol, init};

use super::{arrived, diagnosed, each, items, only, record, url};
use crate::receiver::{Answer, Received, Receiver};
use crate::{TEST_TIMEOUT, black_hole, turn, warnings};

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
