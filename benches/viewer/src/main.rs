//! What receiving, storing and showing spans costs in the viewer.
//!
//! The viewer and its client share the process. The processor time of the viewer is that of the process without
//! the client's thread, so the numbers do not depend on how busy the machine is.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use rustix::time::{ClockId, clock_gettime};
use throughline_viewer::Viewer;
use tokio::net::TcpListener;
use tokio::runtime;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    println!("{BATCHES} batches of {BATCH} spans with 12 attributes, {} bytes a span as protobuf", batch(0).encoded_len() / BATCH);
    println!("{:<28} {:>10} {:>14} {:>10} {:>8}", "", "spans/s", "spans/CPU s", "µs/span", "stored");
    let batches: Vec<ExportTraceServiceRequest> = (0..BATCHES as u64).map(batch).collect();

    let encoded = measure("encoding for OTLP", None, || {
        batches.iter().for_each(|batch| drop(std::hint::black_box(batch.encode_to_vec())));
        Ok(Duration::ZERO)
    })?;
    let viewer = Viewer::default();
    let stored = measure("the exporter `viewer`", Some(&viewer), || {
        batches.iter().for_each(|batch| drop(viewer.add_traces(batch)));
        Ok(Duration::ZERO)
    })?;
    println!("{:<28} {:>36.2}", "exporter ÷ encoding", stored / encoded);

    let protobuf: Vec<Vec<u8>> = batches.iter().map(Message::encode_to_vec).collect();
    let json: Vec<Vec<u8>> = batches.iter().map(serde_json::to_vec).collect::<Result<_, _>>()?;
    http("HTTP, protobuf", "application/x-protobuf", None, &protobuf)?;
    http("HTTP, protobuf, gzip", "application/x-protobuf", Some("gzip"), &gzipped(&protobuf)?)?;
    http("HTTP, JSON", "application/json", None, &json)?;
    grpc("gRPC", &batches)
}

/// Prints a row of the table, and returns the microseconds of processor time a span. `work` returns the processor
/// time that is not that of the viewer.
fn measure(name: &str, viewer: Option<&Viewer>, work: impl FnOnce() -> Outcome<Duration>) -> Outcome<f64> {
    let (begun, cpu) = (Instant::now(), process_time());
    let foreign = work()?;
    let (took, cpu) = (begun.elapsed(), process_time() - cpu - foreign);
    let spans = (BATCHES * BATCH) as f64;
    let micros = cpu.as_secs_f64() * 1e6 / spans;
    let stored = viewer.map(|_| "yes").unwrap_or_default();
    println!("{name:<28} {:>10.0} {:>14.0} {micros:>10.2} {stored:>8}", spans / took.as_secs_f64(), spans / cpu.as_secs_f64());
    Ok(micros)
}

fn http(name: &str, content_type: &str, encoding: Option<&str>, bodies: &[Vec<u8>]) -> Outcome<()> {
    let viewer = Viewer::default();
    let address = serve(&viewer, false)?;
    let mut stream = TcpStream::connect(address)?;
    measure(name, Some(&viewer), || {
        let begun = thread_time();
        for body in bodies {
            let encoding = encoding.map(|encoding| format!("content-encoding: {encoding}\r\n")).unwrap_or_default();
            let head = format!(
                "POST /v1/traces HTTP/1.1\r\nhost: {address}\r\ncontent-type: {content_type}\r\n{encoding}content-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes())?;
            stream.write_all(body)?;
            let mut answer = [0; 1_024];
            let read = stream.read(&mut answer)?;
            if !answer[..read].starts_with(b"HTTP/1.1 200") {
                return Err(String::from_utf8_lossy(&answer[..read]).into_owned().into());
            }
        }
        Ok(thread_time() - begun)
    })?;
    Ok(())
}

fn grpc(name: &str, batches: &[ExportTraceServiceRequest]) -> Outcome<()> {
    let viewer = Viewer::default();
    let address = serve(&viewer, true)?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let mut client = runtime.block_on(TraceServiceClient::connect(format!("http://{address}")))?;
    measure(name, Some(&viewer), || {
        let begun = thread_time();
        for batch in batches {
            runtime.block_on(client.export(batch.clone()))?;
        }
        Ok(thread_time() - begun)
    })?;
    Ok(())
}

/// Serves a receiver on one thread of its own, and returns its address.
fn serve(viewer: &Viewer, is_grpc: bool) -> Outcome<std::net::SocketAddr> {
    let viewer = viewer.clone();
    let (ready, address) = mpsc::channel();
    thread::spawn(move || -> Outcome<()> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            ready.send(listener.local_addr()?)?;
            let ended = if is_grpc {
                viewer.serve_grpc(listener, std::future::pending()).await
            } else {
                viewer.serve_http(listener, std::future::pending()).await
            };
            Ok(ended?)
        })
    });
    Ok(address.recv()?)
}

fn gzipped(bodies: &[Vec<u8>]) -> Outcome<Vec<Vec<u8>>> {
    let compress = |body: &Vec<u8>| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(body)?;
        Ok(encoder.finish()?)
    };
    bodies.iter().map(compress).collect()
}

/// A batch of traces with 16 spans each.
fn batch(number: u64) -> ExportTraceServiceRequest {
    let text = |key: &str, value: &str| KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(Value::StringValue(value.to_owned())) }),
        ..KeyValue::default()
    };
    let int = |key: &str, value: i64| KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(Value::IntValue(value)) }),
        ..KeyValue::default()
    };
    let spans = (0..BATCH as u64).map(|index| {
        let (id, start) = (number * BATCH as u64 + index + 1, 1_764_500_000_000_000_000 + index * 1_000);
        let trace = u128::from(number * BATCH as u64 / 16 + index / 16 + 1) << 32;
        Span {
            trace_id: trace.to_be_bytes().to_vec(),
            span_id: id.to_be_bytes().to_vec(),
            parent_span_id: if index % 16 == 0 { Vec::new() } else { (id - 1).to_be_bytes().to_vec() },
            name: "POST /orders/{id}".to_owned(),
            kind: 2,
            start_time_unix_nano: start,
            end_time_unix_nano: start + 1_000_000,
            attributes: vec![
                text("http.request.method", "POST"),
                text("http.route", "/orders/{id}"),
                text("url.path", "/orders/12345"),
                text("url.scheme", "https"),
                text("server.address", "shop.example"),
                int("server.port", 443),
                text("network.protocol.version", "1.1"),
                text("client.address", "192.0.2.17"),
                text("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)"),
                int("http.response.status_code", 200),
                int("http.request.body.size", 512),
                int("http.response.body.size", 2_048),
            ],
            ..Span::default()
        }
    });
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: vec![text("service.name", "shop"), text("service.instance.id", "627cc493-f310-47de-96bd-71410b7dec09")],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans { spans: spans.collect(), ..ScopeSpans::default() }],
            ..ResourceSpans::default()
        }],
    }
}

fn process_time() -> Duration {
    time(ClockId::ProcessCPUTime)
}

fn thread_time() -> Duration {
    time(ClockId::ThreadCPUTime)
}

fn time(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

const BATCHES: usize = 1_000;
const BATCH: usize = 512;
