//! Waits, timeouts and deadlines.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use throughline_telemetry::{Exporter, Telemetry, TelemetryConfig, init};

use super::{PROTOCOLS, SIGNALS, arrived, only, record, url};
use crate::receiver::{Answer, Receiver};
use crate::{TEST_TIMEOUT, in_own_process};

#[test]
fn a_wait_that_the_collector_names_is_kept() {
    in_own_process("otlp::time::a_wait_that_the_collector_names_is_kept", || {
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

/// A collector that is slower than the SDK's own limit of 5 seconds, and telemetry that has recorded one item
/// of each signal for it.
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
    in_own_process("otlp::time::a_flush_takes_the_time_it_has", || {
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
    in_own_process("otlp::time::a_shutdown_takes_the_time_it_has", || {
        let (receiver, telemetry) = slow_delivery();
        let begin = Instant::now();
        telemetry.shutdown_within(TEST_TIMEOUT).expect("all arrived");
        assert!(begin.elapsed() > SDK_LIMIT, "it takes longer than the SDK waits");
        assert_eq!(arrived(&receiver.received()), [0; 3], "each signal");
    });
}
