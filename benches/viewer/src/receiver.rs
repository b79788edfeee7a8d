//! A viewer that receives OTLP, on one thread.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::BodyExt;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use prost::Message;
use serde_json::Value;
use throughline_viewer::Viewer;
use tokio::net::TcpListener;
use tokio::runtime;
use tower::ServiceExt;

use crate::shop::{BATCH, batch};
use crate::{Outcome, cpu};

const BATCHES: usize = 1_000;

/// The ways in which a viewer receives spans.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http,
    Grpc,
}

/// Prints what a receiver takes if spans come as fast as it takes them.
pub(crate) fn table() -> Outcome<()> {
    let batches: Vec<ExportTraceServiceRequest> = (0..BATCHES as u64).map(batch).collect();
    let bytes = batches.first().map_or(0, Message::encoded_len) / BATCH;
    println!(
        "{} spans in requests of {BATCH}, {bytes} bytes a span as protobuf",
        BATCHES * BATCH
    );
    println!();
    println!("| received over | spans/s on one core | µs a span | not stored |");
    println!("|---|--:|--:|--:|");
    let protobuf: Vec<Vec<u8>> = batches.iter().map(Message::encode_to_vec).collect();
    let json: Vec<Vec<u8>> = batches.iter().map(serde_json::to_vec).collect::<Result<_, _>>()?;
    let gzip = |bodies: &[Vec<u8>]| {
        bodies
            .iter()
            .map(|body| gzipped(body))
            .collect::<Outcome<Vec<_>>>()
    };
    http("HTTP, protobuf", "application/x-protobuf", false, &protobuf)?;
    http(
        "HTTP, protobuf, gzip",
        "application/x-protobuf",
        true,
        &gzip(&protobuf)?,
    )?;
    http("HTTP, JSON", "application/json", false, &json)?;
    http("HTTP, JSON, gzip", "application/json", true, &gzip(&json)?)?;
    grpc("gRPC", &batches)
}

/// Prints a row. `send` returns the processor time that is not that of the receiver.
fn row(name: &str, viewer: &Viewer, send: impl FnOnce() -> Outcome<Duration>) -> Outcome<()> {
    let begun = cpu::of_process();
    let foreign = send()?;
    let used = cpu::of_process() - begun - foreign;
    let spans = (BATCHES * BATCH) as f64;
    let (a_second, micros) = (spans / used.as_secs_f64(), used.as_secs_f64() * 1e6 / spans);
    println!(
        "| {name} | {a_second:.0} | {micros:.1} | {} |",
        not_stored(viewer)?
    );
    Ok(())
}

/// The spans that were received and had no room or were invalid. Old traces that made room were stored.
pub(crate) fn not_stored(viewer: &Viewer) -> Outcome<u64> {
    let state = state(viewer)?;
    let count = |value: &Value| value.as_u64().ok_or("no count in the state of the viewer");
    Ok(count(&state["dropped"]["spans"])? + count(&state["rejected"])?)
}

fn state(viewer: &Viewer) -> Outcome<Value> {
    let request = http::Request::get("/api/state")
        .header("host", "localhost")
        .body(String::new())?;
    let runtime = runtime::Builder::new_current_thread().build()?;
    let body = runtime.block_on(async {
        let answer = viewer.router().oneshot(request).await?;
        Outcome::Ok(answer.into_body().collect().await?.to_bytes())
    })?;
    Ok(serde_json::from_slice(&body)?)
}

fn http(name: &str, content_type: &str, is_gzip: bool, bodies: &[Vec<u8>]) -> Outcome<()> {
    let viewer = Viewer::default();
    let address = serve(&viewer, Protocol::Http)?;
    let mut stream = TcpStream::connect(address)?;
    let encoding = if is_gzip { "content-encoding: gzip\r\n" } else { "" };
    row(name, &viewer, || {
        let begun = cpu::of_thread();
        for body in bodies {
            let length = body.len();
            let head = format!(
                "POST /v1/traces HTTP/1.1\r\nhost: {address}\r\ncontent-type: {content_type}\r\n{encoding}content-length: {length}\r\n\r\n"
            );
            stream.write_all(head.as_bytes())?;
            stream.write_all(body)?;
            let mut answer = [0; 1_024];
            let read = stream.read(&mut answer)?;
            if !answer[..read].starts_with(b"HTTP/1.1 200") {
                return Err(String::from_utf8_lossy(&answer[..read]).into_owned().into());
            }
        }
        Ok(cpu::of_thread() - begun)
    })
}

fn grpc(name: &str, batches: &[ExportTraceServiceRequest]) -> Outcome<()> {
    let viewer = Viewer::default();
    let address = serve(&viewer, Protocol::Grpc)?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let mut client = runtime.block_on(TraceServiceClient::connect(format!("http://{address}")))?;
    row(name, &viewer, || {
        let begun = cpu::of_thread();
        for batch in batches {
            runtime.block_on(client.export(batch.clone()))?;
        }
        Ok(cpu::of_thread() - begun)
    })
}

/// Serves a receiver on its own thread, and returns its address.
pub(crate) fn serve(viewer: &Viewer, protocol: Protocol) -> Outcome<SocketAddr> {
    let viewer = viewer.clone();
    let (ready, address) = mpsc::channel();
    thread::spawn(move || -> Outcome<()> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            ready.send(listener.local_addr()?)?;
            match protocol {
                Protocol::Http => viewer.serve_http(listener, std::future::pending()).await?,
                Protocol::Grpc => viewer.serve_grpc(listener, std::future::pending()).await?,
            }
            Ok(())
        })
    });
    Ok(address.recv_timeout(Duration::from_secs(5))?)
}

fn gzipped(body: &[u8]) -> Outcome<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body)?;
    Ok(encoder.finish()?)
}
