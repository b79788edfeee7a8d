//! How long a request takes while the collector fails in each way it can, beside one with no telemetry. See the README.
//!
//! Run with `cargo run --release --bin faults`: one request after the other, without a pause; or with `-- 500`: with a pause of so
//! many microseconds before each, and fewer rounds.

mod collector;
mod service;

use std::thread;
use std::time::Duration;

use throughline_telemetry::{Exporter, Protocol, Telemetry, TelemetryConfig, init};

use crate::collector::Collector;
use crate::service::Service;

/// What telemetry meets.
struct Case {
    name: &'static str,
    collector: Option<(Collector, Protocol)>,
    /// The 50th and the 99th percentile of each round, in nanoseconds.
    p50: Vec<u64>,
    p99: Vec<u64>,
}

impl Case {
    fn new(name: &'static str, collector: Option<(Collector, Protocol)>) -> Self {
        Self {
            name,
            collector,
            p50: Vec::with_capacity(ROUNDS),
            p99: Vec::with_capacity(ROUNDS),
        }
    }

    /// One round, with telemetry begun before it and ended after it.
    fn round(&mut self, pause: Duration) {
        let telemetry = self.collector.as_ref().map(|(collector, protocol)| {
            let config = TelemetryConfig::default()
                .with_enabled(true)
                .with_service_name("benches")
                .with_exporter(Exporter::Otlp)
                .with_metrics_exporter(Exporter::None)
                .with_protocol(*protocol);
            init(config.with_endpoint(collector.url())).expect("started")
        });
        let tracers = telemetry.as_ref().and_then(Telemetry::tracer_provider).cloned();
        let service = Service::start(tracers);
        let mut connection = service.connect();
        for _ in 0..WARM {
            connection.request();
        }
        let times = (0..REQUESTS).map(|_| {
            if !pause.is_zero() {
                thread::sleep(pause);
            }
            connection.request().as_nanos() as u64
        });
        let mut times: Vec<u64> = times.collect();
        times.sort_unstable();
        self.p50.push(times[REQUESTS / 2]);
        self.p99.push(times[REQUESTS * 99 / 100]);
        drop(connection);
        drop(service);
        if let Some(telemetry) = telemetry {
            let _ = telemetry.shutdown_within(Duration::from_millis(50));
        }
    }
}

/// The middle of the rounds, in microseconds: what else the machine does is in the others.
fn middle(rounds: &[u64]) -> f64 {
    let mut rounds = rounds.to_vec();
    rounds.sort_unstable();
    rounds[rounds.len() / 2] as f64 / 1000.0
}

fn main() {
    let mut cases = vec![
        Case::new("no telemetry", None),
        Case::new("no telemetry, again", None),
    ];
    let http = Protocol::HttpProtobuf;
    for (name, collector, protocol) in [
        (
            "HTTP, accepted",
            Collector::answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
            http,
        ),
        ("HTTP, no such host", Collector::absent(), http),
        ("HTTP, refused", Collector::refusing(), http),
        ("HTTP, black hole", Collector::silent(), http),
        (
            "HTTP, 500",
            Collector::answering(b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"),
            http,
        ),
        (
            "HTTP, garbage",
            Collector::answering(b"\x01\x02 no HTTP \xff\r\n\r\n"),
            http,
        ),
        ("gRPC, no such host", Collector::absent(), Protocol::Grpc),
        ("gRPC, refused", Collector::refusing(), Protocol::Grpc),
        ("gRPC, black hole", Collector::silent(), Protocol::Grpc),
        (
            "gRPC, garbage",
            Collector::answering(b"\x01\x02 no HTTP \xff\r\n\r\n"),
            Protocol::Grpc,
        ),
    ] {
        cases.push(Case::new(name, Some((collector, protocol))));
    }
    let pause = std::env::args()
        .nth(1)
        .map_or(0, |micros| micros.parse().expect("microseconds"));
    let rounds = if pause == 0 { ROUNDS } else { PACED_ROUNDS };
    for _ in 0..rounds {
        cases
            .iter_mut()
            .for_each(|case| case.round(Duration::from_micros(pause)));
    }
    let (p50, p99) = (middle(&cases[0].p50), middle(&cases[0].p99));
    println!("| a request | p50 µs | ratio | p99 µs | ratio | best p99 µs |");
    println!("|---|--:|--:|--:|--:|--:|");
    for case in &cases {
        let (own_p50, own_p99) = (middle(&case.p50), middle(&case.p99));
        println!(
            "| {} | {own_p50:.1} | {:.2} | {own_p99:.1} | {:.2} | {:.1} |",
            case.name,
            own_p50 / p50,
            own_p99 / p99,
            case.p99.iter().min().copied().unwrap_or_default() as f64 / 1000.0,
        );
    }
}

const ROUNDS: usize = 41;
const PACED_ROUNDS: usize = 7;
/// Requests a round, with those that warm up more than a queue of spans holds.
const REQUESTS: usize = 2_000;
const WARM: usize = 200;
