//! A program that emits spans, and what its exporter takes.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry::trace::{Span, SpanKind, TraceContextExt, Tracer};
use opentelemetry::{Context, global};
use throughline_telemetry::{Exporter, Protocol as OtlpProtocol, TelemetryConfig};
use throughline_viewer::Viewer;

use crate::receiver::{Protocol, not_stored, serve};
use crate::shop::{NAME, TRACE, attributes};
use crate::{Outcome, cpu};

const SPANS_A_SECOND: usize = 50_000;
const SECONDS: usize = 6;
const BURSTS_A_SECOND: usize = 125;

/// Prints what each exporter takes.
pub(crate) fn table() -> Outcome<()> {
    println!("A program that emits {SPANS_A_SECOND} spans a second for {SECONDS} s, in shares of one core");
    println!();
    println!(
        "| exporter | program | exported spans/s | dropped by the program | receiver | not stored by it |"
    );
    println!("|---|--:|--:|--:|--:|--:|");
    row("none: telemetry is off", "off", None)?;
    row("`viewer`", "viewer", None)?;
    row("`viewer`, with an open page", "page", None)?;
    row("`otlp`, http/protobuf", "http", Some(Protocol::Http))?;
    row("`otlp`, grpc", "grpc", Some(Protocol::Grpc))
}

fn row(name: &str, exporter: &str, to: Option<Protocol>) -> Outcome<()> {
    let viewer = Viewer::default();
    let endpoint = to.map(|protocol| serve(&viewer, protocol)).transpose()?;
    let endpoint = endpoint.map_or_else(String::new, |address| format!("http://{address}"));
    let begun = cpu::of_process();
    let program = Command::new(std::env::current_exe()?)
        .args(["emit", exporter, &endpoint])
        .output()?;
    let received = cpu::of_process() - begun;
    if !program.status.success() {
        return Err(String::from_utf8_lossy(&program.stderr).into_owned().into());
    }
    let printed = String::from_utf8(program.stdout)?;
    let receiver = match to {
        Some(_) => format!("{} | {}", share(received), not_stored(&viewer)?),
        None => "– | –".to_owned(),
    };
    println!("| {name} | {} | {receiver} |", printed.trim());
    Ok(())
}

fn share(used: Duration) -> String {
    format!("{:.0} %", 100.0 * used.as_secs_f64() / SECONDS as f64)
}

/// The program. Prints the processor time it took, and how many spans were exported and dropped.
pub(crate) fn emit(exporter: &str, endpoint: &str) -> Outcome<()> {
    let config = TelemetryConfig::default()
        .with_enabled(exporter != "off")
        .with_service_name("shop")
        .with_self_metrics(false)
        .with_viewer_listen(Some("127.0.0.1:0"))
        .with_exporter(Exporter::None);
    let config = match exporter {
        "off" => config,
        "viewer" | "page" => config.with_traces_exporter(Exporter::Viewer),
        _ => config
            .with_traces_exporter(Exporter::Otlp)
            .with_endpoint(endpoint)
            .with_protocol(match exporter {
                "http" => OtlpProtocol::HttpProtobuf,
                _ => OtlpProtocol::Grpc,
            }),
    };
    let telemetry = throughline_telemetry::init(config)?;
    let page = telemetry
        .viewer_address()
        .filter(|_| exporter == "page")
        .map(Page::open);

    let begun = cpu::of_process();
    emit_spans();
    telemetry.flush(Duration::from_secs(10))?;
    let mut used = cpu::of_process() - begun;
    if let Some(page) = page {
        used -= page.close()?;
    }
    let counts = telemetry.diagnose().signals;
    let dropped: u64 = counts
        .iter()
        .map(|signal| signal.counts.dropped + signal.counts.lost)
        .sum();
    let delivered: u64 = counts.iter().map(|signal| signal.counts.delivered).sum();
    if exporter != "off" && delivered + dropped != (SPANS_A_SECOND * SECONDS) as u64 {
        return Err(format!("{delivered} spans delivered, {dropped} dropped").into());
    }
    println!("{} | {} | {dropped}", share(used), delivered / SECONDS as u64);
    telemetry.shutdown()?;
    Ok(())
}

fn emit_spans() {
    let tracer = global::tracer("bench");
    let begun = Instant::now();
    for burst in 0..SECONDS * BURSTS_A_SECOND {
        let due = begun + Duration::from_secs(1) * burst as u32 / BURSTS_A_SECOND as u32;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        for _ in 0..SPANS_A_SECOND / BURSTS_A_SECOND / TRACE {
            let span = |context: &Context| {
                let builder = tracer.span_builder(NAME).with_kind(SpanKind::Server);
                let mut span = builder.start_with_context(&tracer, context);
                // As instrumentation does: attributes are for spans that are recorded.
                if span.is_recording() {
                    span.set_attributes(attributes());
                }
                span
            };
            let root = Context::new().with_span(span(&Context::new()));
            for _ in 1..TRACE {
                span(&root).end();
            }
            root.span().end();
        }
    }
}

/// A reader of what an open page reads: the changes, and the list of traces once a second.
struct Page {
    is_open: Arc<AtomicBool>,
    readers: [thread::JoinHandle<Outcome<Duration>>; 2],
}

impl Page {
    fn open(address: SocketAddr) -> Self {
        let is_open = Arc::new(AtomicBool::new(true));
        let (changes, list) = (Arc::clone(&is_open), Arc::clone(&is_open));
        let changes = thread::spawn(move || {
            let begun = cpu::of_thread();
            let mut lines = get(address, "/api/events")?.lines();
            while changes.load(Ordering::Relaxed) {
                if !lines.next().is_some_and(|line| line.is_ok()) {
                    break; // no event for a while
                }
            }
            Ok(cpu::of_thread() - begun)
        });
        let list = thread::spawn(move || {
            let begun = cpu::of_thread();
            while list.load(Ordering::Relaxed) {
                std::io::copy(&mut get(address, "/api/traces?limit=1000")?, &mut std::io::sink())?;
                thread::sleep(Duration::from_secs(1));
            }
            Ok(cpu::of_thread() - begun)
        });
        Self {
            is_open,
            readers: [changes, list],
        }
    }

    /// Closes the page, and returns the processor time that its readers took.
    fn close(self) -> Outcome<Duration> {
        self.is_open.store(false, Ordering::Relaxed);
        let mut used = Duration::ZERO;
        for reader in self.readers {
            used += reader.join().map_err(|_| "a reader panicked")??;
        }
        Ok(used)
    }
}

fn get(address: SocketAddr, path: &str) -> Outcome<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
    )?;
    Ok(BufReader::new(stream))
}
