//! What the collector answers is counted and reported.

use throughline_telemetry::{Exporter, Protocol, init};

use super::{PROTOCOLS, SIGNALS, diagnosed, each, items, only, record, url};
use crate::receiver::{Answer, Receiver};
use crate::{TEST_TIMEOUT, turn, warnings};

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

/// The words of a collector used to be dropped; of gRPC there was the code only.
#[test]
fn a_refusal_is_reported_in_the_collectors_words() {
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
