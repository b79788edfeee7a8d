//! Measures the processor time that telemetry adds to a request of an axum service under load, with every request
//! sampled, and spans and metrics sent over OTLP. See the README.
//!
//! Each service runs in its own process, so its processor time includes the threads that export. The collector and the
//! clients run in this process. Run with `cargo run --release --bin under_load`, or `-- 4000 15` for another rate of
//! requests a second and another number of rounds.

mod clients;
mod collector;
mod service;

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use clients::Clients;
use collector::Collector;
use service::Kind;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next();
    if first.as_deref() == Some(SERVE) {
        let kind = arguments.next().and_then(|name| Kind::named(&name));
        let collector = arguments.next().ok_or("expected the URL of a collector")?;
        return service::serve(kind.ok_or("expected the name of a service")?, &collector);
    }
    let rate = first.map_or(Ok(DEFAULT_RATE), |rate| rate.parse())?;
    let rounds = arguments
        .next()
        .map_or(Ok(DEFAULT_ROUNDS), |rounds| rounds.parse())?;
    if rate == 0 || rounds == 0 {
        return Err("expected at least one request a second, and one round".into());
    }

    let mut rows = Vec::new();
    for kind in Kind::ALL {
        rows.push(Row::start(kind)?);
    }
    for round in 0..=rounds {
        for row in &mut rows {
            let time = row.measure(rate)?;
            // The first round warms up.
            if round > 0 {
                row.times.push(time);
            }
        }
    }

    let bare = rows.first().map(Row::result).unwrap_or_default();
    println!("| service | least µs a request | above bare | median µs | above bare | spans received |");
    println!("|---|--:|--:|--:|--:|--:|");
    for row in rows {
        let (least, median) = row.result();
        let (name, sent) = (row.kind.title(), row.sent);
        let received = match row.stop()? {
            0 => String::new(),
            received => format!("{received} of {sent}"),
        };
        let above = (least - bare.0, median - bare.1);
        println!(
            "| {name} | {least:.2} | {:.2} | {median:.2} | {:.2} | {received} |",
            above.0, above.1
        );
    }
    Ok(())
}

/// A service, its clients, its collector, and what was measured.
struct Row {
    kind: Kind,
    collector: Collector,
    process: Child,
    clients: Clients,
    /// The number of requests so far.
    sent: u64,
    /// The processor time of a request in each round, in microseconds.
    times: Vec<f64>,
}

impl Row {
    fn start(kind: Kind) -> Result<Self, Box<dyn Error>> {
        let collector = Collector::start()?;
        let mut process = Command::new(std::env::current_exe()?)
            .args([SERVE, kind.name(), collector.url()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        let stdout = process
            .stdout
            .as_mut()
            .ok_or("the service has no standard output")?;
        BufReader::new(stdout).read_line(&mut address)?;
        let address: SocketAddr = address.trim().parse()?;
        Ok(Self {
            kind,
            collector,
            process,
            clients: Clients::connect(address)?,
            sent: 0,
            times: Vec::new(),
        })
    }

    /// Sends requests for a second. Returns the processor time of the service for each, in microseconds.
    fn measure(&mut self, rate: u32) -> Result<f64, Box<dyn Error>> {
        let before = processor_time(self.process.id())?;
        let count = self.clients.requests(rate, Duration::from_secs(1))?;
        let time = processor_time(self.process.id())? - before;
        self.sent += count;
        Ok(time.as_secs_f64() * 1e6 / count as f64)
    }

    /// Returns the least and the median processor time of the rounds. Other load on the machine can only add to it.
    fn result(&self) -> (f64, f64) {
        let mut times = self.times.clone();
        times.sort_by(f64::total_cmp);
        let at = |index: usize| times.get(index).copied().unwrap_or_default();
        (at(0), at(times.len() / 2))
    }

    /// Ends the service, which sends what is left. Returns the number of spans that the collector got.
    fn stop(mut self) -> Result<u64, Box<dyn Error>> {
        if let Some(mut stdin) = self.process.stdin.take() {
            stdin.write_all(b"end\n")?;
        }
        self.process.wait()?;
        Ok(self.collector.spans())
    }
}

/// Returns the processor time that the living threads of a process have used. Linux counts it in nanoseconds.
fn processor_time(process: u32) -> Result<Duration, Box<dyn Error>> {
    let mut nanoseconds = 0;
    for thread in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let text = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        nanoseconds += text
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

const SERVE: &str = "serve";
const DEFAULT_RATE: u32 = 10_000;
const DEFAULT_ROUNDS: usize = 31;
