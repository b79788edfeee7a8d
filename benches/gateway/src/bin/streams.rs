//! Opens many slow streams at once: `streams ADDRESS NUMBER INTERVAL_MS [PID]`.
//!
//! Prints how many came to their end, how long after the upstream had sent them events arrived, and, with the
//! process id of the proxy, its memory for each stream.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_default();
    let number: usize = arguments.next().unwrap_or_default().parse()?;
    let interval: u64 = arguments.next().unwrap_or_default().parse()?;
    let pid = arguments.next();
    let before = pid.as_deref().map(memory).transpose()?;
    let open = Arc::new(AtomicU64::new(0));
    let streams: Vec<_> = (0..number)
        .map(|_| tokio::spawn(stream(address.clone(), interval, open.clone())))
        .collect();
    if let (Some(pid), Some(before)) = (&pid, before) {
        // Half of the time that the streams take, when all of them are open.
        tokio::time::sleep(Duration::from_millis(interval * 100)).await;
        let grown = memory(pid)?.saturating_sub(before);
        println!(
            "{} streams open, {} KiB each",
            open.load(Ordering::Relaxed),
            grown / 1024 / number as u64
        );
    }
    let (mut complete, mut delays) = (0, Vec::new());
    for stream in streams {
        if let Ok(Ok(seen)) = stream.await {
            complete += usize::from(seen.is_complete);
            delays.extend(seen.delays);
        }
    }
    delays.sort_unstable();
    let at = |share: f64| {
        delays
            .get((delays.len() as f64 * share) as usize)
            .or(delays.last())
            .copied()
            .unwrap_or_default()
    };
    println!(
        "{complete} of {number} streams complete, {} events; delay p50 {:?}, p99 {:?}, p99.9 {:?}, max {:?}",
        delays.len(),
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
    Ok(())
}

/// What a stream showed.
struct Seen {
    is_complete: bool,
    /// From when the upstream sent an event until it arrived.
    delays: Vec<Duration>,
}

async fn stream(address: String, interval: u64, open: Arc<AtomicU64>) -> std::io::Result<Seen> {
    let mut socket = TcpStream::connect(&address).await?;
    socket.set_nodelay(true)?;
    let body = r#"{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#;
    let request = format!(
        "POST /v1/chat/completions?interval={interval} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(request.as_bytes()).await?;
    let mut seen = Seen {
        is_complete: false,
        delays: Vec::new(),
    };
    let mut buffer = [0; 4096];
    let mut is_open = false;
    loop {
        let read = socket.read(&mut buffer).await?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let text = String::from_utf8_lossy(&buffer[..read]);
        if !is_open {
            is_open = true;
            open.fetch_add(1, Ordering::Relaxed);
        }
        for part in text.split("\"sent\":").skip(1) {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            if let Ok(sent) = digits.parse() {
                seen.delays.push(now.saturating_sub(Duration::from_nanos(sent)));
            }
        }
        seen.is_complete |= text.contains("\"stop\"");
        if read == 0 || seen.is_complete {
            return Ok(seen);
        }
    }
}

/// Returns the resident memory of a process in bytes.
fn memory(pid: impl AsRef<str>) -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.as_ref()))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap_or_default();
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
}
