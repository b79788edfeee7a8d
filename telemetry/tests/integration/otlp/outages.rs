//! The beginning and the end of each outage are reported.

use throughline_telemetry::{Protocol, init};

use super::{diagnosed, each, items, only, record, url};
use crate::receiver::{Answer, Receiver};
use crate::{TEST_TIMEOUT, turn, warnings};

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
