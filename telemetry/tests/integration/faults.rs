//! Whatever the collector does: requests keep their speed, memory is bounded, the end is on time, and what is
//! recorded after its recovery arrives.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use throughline_telemetry::{DeliveryCounts, Exporter, Protocol, SignalDiagnosis, Telemetry, init};
use throughline_test_support::Vacant;
use tonic::Code;
use tonic::transport::Server;

use crate::collector::{Answer, Collector};
use crate::grpc::Grpc;
use crate::{TEST_TIMEOUT, black_hole, record, turn, waiting_for_an_hour};

/// Spans go to the URL; metrics would only double the waiting.
fn traces_to(url: &str, protocol: Protocol) -> Telemetry {
    let config = waiting_for_an_hour().with_exporter(Exporter::Otlp);
    let config = config.with_metrics_exporter(Exporter::None);
    init(config.with_endpoint(url).with_protocol(protocol)).expect("started")
}

fn diagnosed(telemetry: &Telemetry) -> SignalDiagnosis {
    telemetry.diagnose_within(Duration::ZERO).signals.remove(0)
}

#[test]
fn what_is_recorded_after_a_recovery_arrives() {
    let _turn = turn();
    for fault in [
        Answer::Status(400),
        Answer::Status(429),
        Answer::Status(500),
        Answer::Status(503),
        Answer::Garbage,
        Answer::Close,
        Answer::Silence,
    ] {
        let collector = Collector::start(fault);
        let telemetry = traces_to(&format!("http://{}", collector.address), Protocol::HttpJson);
        record(&telemetry, "during");
        let begin = Instant::now();
        let failed = telemetry
            .flush(Duration::from_millis(500))
            .expect_err("not accepted");
        assert!(begin.elapsed() < TEST_TIMEOUT, "{fault:?}: on time with {failed}");
        collector.answer(Answer::Accept);
        for _ in 0..100 {
            record(&telemetry, "after");
        }
        telemetry.flush(TEST_TIMEOUT).ok();
        telemetry.flush(TEST_TIMEOUT).expect("accepted again");
        let after = collector
            .spans()
            .into_iter()
            .filter(|name| name == "after")
            .count();
        assert_eq!(after, 100, "{fault:?}: all that was recorded after the recovery");
        let DeliveryCounts {
            delivered,
            lost,
            dropped,
            queued,
            ..
        } = diagnosed(&telemetry).counts;
        assert_eq!(
            (delivered + lost, dropped, queued),
            (101, 0, 0),
            "{fault:?}: each span is accounted for"
        );
        telemetry.shutdown_within(TEST_TIMEOUT).expect("ended");
    }
}

/// A collector that can be started at the address of one that was stopped.
enum Restarted {
    Grpc(Option<Grpc>),
    Http(Collector),
}

impl Restarted {
    fn start(protocol: Protocol, address: SocketAddr) -> Self {
        match protocol {
            Protocol::Grpc => Self::Grpc(Some(Grpc::serve(address, Code::Ok, Server::builder()))),
            _ => Self::Http(Collector::start_at(address, Answer::Accept, None)),
        }
    }

    fn stop(&mut self) {
        match self {
            Self::Grpc(grpc) => *grpc = None,
            Self::Http(collector) => collector.stop(),
        }
    }

    fn spans(&self) -> Vec<String> {
        match self {
            Self::Grpc(grpc) => grpc.as_ref().map(Grpc::spans).unwrap_or_default(),
            Self::Http(collector) => collector.spans(),
        }
    }
}

#[test]
fn a_collector_that_is_restarted_gets_all_that_is_recorded_after() {
    let _turn = turn();
    for protocol in [Protocol::Grpc, Protocol::HttpJson] {
        let vacant = Vacant::new();
        let address = vacant.address();
        let mut collector = Restarted::start(protocol, address);
        let telemetry = traces_to(&format!("http://{address}"), protocol);
        record(&telemetry, "before");
        telemetry.flush(TEST_TIMEOUT).expect("accepted");
        assert_eq!(collector.spans(), ["before"], "{protocol:?}: the first collector");

        collector.stop();
        record(&telemetry, "between");
        telemetry.flush(TEST_TIMEOUT).expect_err("no listener");

        let collector = Restarted::start(protocol, address);
        for _ in 0..1_000 {
            record(&telemetry, "after");
        }
        telemetry.shutdown_within(TEST_TIMEOUT).expect("accepted again");
        let after = collector.spans();
        let count = after.iter().filter(|name| *name == "after").count();
        assert_eq!(
            count, 1_000,
            "{protocol:?}: all that was recorded after the restart"
        );
    }
}

#[test]
fn an_end_amid_a_fault_is_on_time() {
    let _turn = turn();
    let deadline = Duration::from_millis(300);
    let faults = [
        Answer::Status(400),
        Answer::Status(429),
        Answer::Status(500),
        Answer::Garbage,
        Answer::Close,
        Answer::Silence,
    ];
    for protocol in [Protocol::Grpc, Protocol::HttpProtobuf] {
        // No fault at all is one over https: TLS meets a plain answer.
        for (scheme, fault) in faults
            .map(|fault| ("http", fault))
            .into_iter()
            .chain([("https", Answer::Accept)])
        {
            let collector = Collector::start(fault);
            let telemetry = traces_to(&format!("{scheme}://{}", collector.address), protocol);
            record(&telemetry, "lost");
            let begin = Instant::now();
            let ended = telemetry.shutdown_within(deadline);
            assert!(
                begin.elapsed() < TEST_TIMEOUT,
                "{protocol:?} {scheme} {fault:?}: {:?}",
                begin.elapsed()
            );
            let why = ended.expect_err("the loss is an error").to_string();
            assert!(
                why.starts_with("not everything was delivered; traces: "),
                "{protocol:?} {scheme} {fault:?}: {why}"
            );
            collector.answer(Answer::Close);
        }
    }
}

#[test]
fn a_black_hole_slows_no_request_and_fills_no_memory() {
    let _turn = turn();
    let (_listener, url) = black_hole();
    for protocol in [Protocol::Grpc, Protocol::HttpProtobuf] {
        let telemetry = traces_to(&url, protocol);
        let tracer = telemetry.tracer_provider().expect("spans").tracer("test");
        let before = resident();
        let mut times: Vec<Duration> = (0..SPANS)
            .map(|_| {
                let begin = Instant::now();
                let mut span = tracer.start("work");
                span.set_attribute(KeyValue::new("text", "x".repeat(4 << 10)));
                span.end();
                begin.elapsed()
            })
            .collect();
        let grown = resident().saturating_sub(before);
        times.sort_unstable();
        // The slowest are those that waited for a processor, not for the collector.
        let usual = times[times.len() / 2];
        assert!(usual < Duration::from_millis(1), "{protocol:?}: {usual:?}");
        assert!(
            grown < 64 << 20,
            "{protocol:?}: {} MiB of {} recorded",
            grown >> 20,
            (SPANS * 4) >> 10
        );

        let SignalDiagnosis {
            counts, destination, ..
        } = diagnosed(&telemetry);
        let DeliveryCounts {
            delivered,
            lost,
            dropped,
            queued,
            ..
        } = counts;
        assert_eq!((delivered, lost), (0, 0), "{protocol:?}: nothing is decided");
        let in_flight = SPANS - dropped - queued as u64;
        assert!(
            queued <= 2048 && in_flight <= 512,
            "{protocol:?}: a queue of 2048 and a batch of 512, not {queued} and {in_flight}"
        );
        let expected = format!(
            "{dropped} spans were dropped because they were recorded faster than {destination} accepted them"
        );
        assert!(
            telemetry.diagnose().warnings.contains(&expected),
            "{protocol:?}: the warning: {}",
            telemetry.diagnose()
        );
        telemetry
            .shutdown_within(Duration::from_millis(100))
            .expect_err("no answer");
    }
}

/// So many of 4 KiB are 160 MiB.
const SPANS: u64 = 40_000;

/// The bytes of this process that are in memory.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = pages
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or_default() * 4096
}
