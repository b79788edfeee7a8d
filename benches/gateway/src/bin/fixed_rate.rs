//! The latency at a fixed rate of requests: `fixed_rate RATE ROUNDS ADDRESS...`.
//!
//! In each round, each address gets `RATE` requests a second for a second, over 16 connections that are used evenly. The
//! addresses take turns, so that other load on the machine slows all of them alike. Prints for each address the rate that
//! it reached, and the medians over the rounds of the 50th and 99th percentile, and of the 99th one as a multiple of that
//! of the first address in the same round.
//!
//! A request that is due while its connection still waits for an answer is counted from when it was due, so that a slow
//! answer delays all that it would delay for real clients (no "coordinated omission"). Otherwise it is counted from when it
//! is sent, so that the precision of sleeping is not a part of the latency. Connections are threads: Tokio's timers have a
//! resolution of a millisecond.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let rate: f64 = arguments.next().unwrap_or_default().parse()?;
    let rounds: usize = arguments.next().unwrap_or_default().parse()?;
    if !(1.0..=1e6).contains(&rate) || rounds == 0 {
        return Err("expected a rate from 1 to 1000000, and at least one round".into());
    }
    let mut rows = Vec::new();
    for address in arguments {
        let address: SocketAddr = address.parse()?;
        let connections: io::Result<Vec<_>> = (0..CONNECTIONS).map(|_| connect(address)).collect();
        rows.push((address, connections?, Vec::new()));
    }
    for round in 0..=rounds {
        let mut base = None;
        for (_, connections, measured) in &mut rows {
            let slice = slice(connections, rate)?;
            let first = *base.get_or_insert(slice.p99);
            // The first round warms up.
            if round > 0 {
                measured.push((slice, slice.p99.as_secs_f64() / first.as_secs_f64()));
            }
        }
    }
    for (address, _, measured) in &rows {
        let median = |value: &dyn Fn(&(Slice, f64)) -> f64| {
            let mut values: Vec<f64> = measured.iter().map(value).collect();
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or_default()
        };
        println!(
            "{address}: {:.0} requests a second, p50 {:.0} µs, p99 {:.0} µs, p99 x {:.2}",
            median(&|(slice, _)| slice.rate),
            median(&|(slice, _)| slice.p50.as_secs_f64() * 1e6),
            median(&|(slice, _)| slice.p99.as_secs_f64() * 1e6),
            median(&|(_, ratio)| *ratio),
        );
    }
    Ok(())
}

/// What one address did in one round.
#[derive(Clone, Copy)]
struct Slice {
    rate: f64,
    p50: Duration,
    p99: Duration,
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let connection = TcpStream::connect(address)?;
    connection.set_nodelay(true)?;
    connection.set_read_timeout(Some(Duration::from_secs(10)))?;
    Ok(connection)
}

/// Sends requests for a second.
fn slice(connections: &mut [TcpStream], rate: f64) -> Result<Slice, Box<dyn Error>> {
    let gap = Duration::from_secs_f64(1.0 / rate);
    let count = (rate / CONNECTIONS as f64).ceil() as u32;
    let start = Instant::now() + Duration::from_millis(20);
    let mut latencies = std::thread::scope(|scope| {
        let threads: Vec<_> = connections
            .iter_mut()
            .enumerate()
            .map(|(index, connection)| {
                let first = start + gap * index as u32;
                scope.spawn(move || requests(connection, first, gap * CONNECTIONS as u32, count))
            })
            .collect();
        let mut all = Vec::new();
        for thread in threads {
            all.extend(thread.join().map_err(|_| io::Error::other("a thread failed"))??);
        }
        Ok::<_, io::Error>(all)
    })?;
    let rate = latencies.len() as f64 / start.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let at = |share: f64| {
        let index = (latencies.len() as f64 * share) as usize;
        latencies.get(index).copied().unwrap_or_default()
    };
    Ok(Slice {
        rate,
        p50: at(0.5),
        p99: at(0.99),
    })
}

/// Sends `count` requests, one each `gap`, and returns how long each took.
fn requests(
    connection: &mut TcpStream,
    first: Instant,
    gap: Duration,
    count: u32,
) -> io::Result<Vec<Duration>> {
    let body = format!(
        r#"{{"model":"gpt-4o","messages":[{{"role":"user","content":"{}"}}]}}"#,
        "x".repeat(900)
    );
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\nauthorization: Bearer \
         sk-bench\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut latencies = Vec::with_capacity(count as usize);
    for index in 0..count {
        let due = first + gap * index;
        let wait = due.saturating_duration_since(Instant::now());
        let counted_from = match wait.is_zero() {
            true => due,
            false => {
                std::thread::sleep(wait);
                Instant::now()
            }
        };
        connection.write_all(request.as_bytes())?;
        read_answer(connection)?;
        latencies.push(counted_from.elapsed());
    }
    Ok(latencies)
}

/// Reads an answer with a length or with chunks.
fn read_answer(connection: &mut TcpStream) -> io::Result<()> {
    let mut answer = [0; 16 * 1024];
    let mut read = 0;
    loop {
        let count = connection.read(answer.get_mut(read..).unwrap_or_default())?;
        if count == 0 {
            return Err(io::Error::other(
                "the connection was closed, or the answer is too long",
            ));
        }
        read += count;
        let text = answer.get(..read).unwrap_or_default();
        let Some(head) = text.windows(4).position(|part| part == b"\r\n\r\n") else {
            continue;
        };
        let (head, body) = text.split_at(head + 4);
        let head = String::from_utf8_lossy(head).to_ascii_lowercase();
        if !head.starts_with("http/1.1 200 ") {
            return Err(io::Error::other(head));
        }
        let length = head
            .split_once("content-length: ")
            .and_then(|(_, rest)| rest.split("\r\n").next());
        let is_whole = match length {
            Some(length) => length.parse() == Ok(body.len()),
            None => body.ends_with(b"0\r\n\r\n"),
        };
        if is_whole {
            return Ok(());
        }
    }
}

const CONNECTIONS: usize = 16;
