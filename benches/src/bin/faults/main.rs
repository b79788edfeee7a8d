//! Measures the latency of requests while the collector fails in different ways, compared with no telemetry.
//! See the README.
//!
//! Run with `cargo run --release --bin faults` for requests without a pause. Add `-- 500` for a pause of 500
//! microseconds before each request, with fewer rounds.

mod collector;
mod service;

use std::thread;
use std::time::Duration;

use throughline_telemetry::{Exporter, Protocol, Telemetry, TelemetryConfig, init};

use crate::collector::Collector;
use crate::service::Service;

/// A collector, and the latencies with it.
struct Case {
    name: &'static str,
    collector: Option<(Collector, Protocol)>,
    /// The 50th and 99th percentiles of each round, in nanoseconds.
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

    /// Runs one round. Telemetry starts before it and ends after it.
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

/// Returns the median of the rounds, in microseconds, which is robust against rounds that other work
/// disturbed.
fn median(rounds: &[u64]) -> f64 {
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
    let (p50, p99) = (median(&cases[0].p50), median(&cases[0].p99));
    println!("| request | p50 µs | ratio | p99 µs | ratio | best p99 µs |");
    println!("|---|--:|--:|--:|--:|--:|");
    for case in &cases {
        let (own_p50, own_p99) = (median(&case.p50), median(&case.p99));
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
/// The requests per round. With the warm-up, they exceed the capacity of the span queue.
const REQUESTS: usize = 2_000;
const WARM: usize = 200;
