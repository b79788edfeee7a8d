//! The time from a request for a stream to the first byte of its answer: `first_byte ROUNDS ADDRESS...`.
//!
//! The addresses take turns, so that other load on the machine slows all of them alike. Prints for each
//! address the median and the 99th percentile, and how much later than at the first address the median is.
//! Connections are open before and stay open.

use std::error::Error;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let rounds: usize = arguments.next().unwrap_or_default().parse()?;
    let mut targets = Vec::new();
    for address in arguments {
        let connection = TcpStream::connect(&address).await?;
        connection.set_nodelay(true)?;
        targets.push((address, connection, Vec::with_capacity(rounds)));
    }
    for round in 0..rounds + WARM_UP {
        for (_, connection, times) in &mut targets {
            let time = first_byte(connection).await?;
            if round >= WARM_UP {
                times.push(time);
            }
        }
    }
    let mut base = None;
    for (address, _, times) in &mut targets {
        times.sort_unstable();
        let at = |share: f64| {
            times
                .get((times.len() as f64 * share) as usize)
                .copied()
                .unwrap_or_default()
        };
        let median = at(0.5);
        let later = median.as_secs_f64() - base.get_or_insert(median).as_secs_f64();
        println!(
            "{address}: p50 {median:?}, p99 {:?}, p50 {:+.0} µs",
            at(0.99),
            later * 1e6
        );
    }
    Ok(())
}

/// Sends a request, and reads the answer to its end, so that the connection can be used again.
async fn first_byte(connection: &mut TcpStream) -> Result<Duration, Box<dyn Error>> {
    let body = r#"{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#;
    let request = format!(
        "POST /v1/chat/completions?interval=1&events=2 HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let started = Instant::now();
    connection.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    let mut first = None;
    while !answer.ends_with(b"\r\n0\r\n\r\n") {
        if connection.read_buf(&mut answer).await? == 0 {
            return Err("the connection was closed".into());
        }
        first.get_or_insert_with(|| started.elapsed());
    }
    if !answer.starts_with(b"HTTP/1.1 200 ") {
        return Err(String::from_utf8_lossy(&answer).into());
    }
    Ok(first.unwrap_or_default())
}

const WARM_UP: usize = 50;
