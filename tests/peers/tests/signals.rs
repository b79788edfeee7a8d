//! Three signals arrive at a collector that is not ours, by every protocol; also after the collector was
//! away, and at every kind of end.

use std::net::SocketAddr;

use crate::peer::{Peer, free_address, until};
use crate::rotel::rotel;
use crate::service::Service;

#[tokio::test]
async fn three_signals_over_grpc() {
    arrive("grpc", "none").await;
}

#[tokio::test]
async fn three_signals_over_grpc_zipped() {
    arrive("grpc", "gzip").await;
}

#[tokio::test]
async fn three_signals_over_http() {
    arrive("http/protobuf", "none").await;
}

#[tokio::test]
async fn three_signals_over_http_zipped() {
    arrive("http/protobuf", "gzip").await;
}

#[tokio::test]
async fn three_signals_over_http_as_json() {
    arrive("http/json", "none").await;
}

#[tokio::test]
async fn what_follows_a_restart_of_the_collector_arrives_over_grpc() {
    restart("grpc").await;
}

#[tokio::test]
async fn what_follows_a_restart_of_the_collector_arrives_over_http() {
    restart("http/protobuf").await;
}

#[tokio::test]
async fn a_panic_loses_nothing() {
    let (rotel, service) = start("grpc", "none").await;
    service.send_requests(1).await;
    let (success, errors) = service.end("panic\n").await;
    assert!(!success && errors.contains("as ordered"), "it panicked: {errors}");
    until("the spans arrive", async || (chats(&rotel) == 1).then_some(())).await;
}

#[tokio::test]
async fn ctrl_c_loses_nothing() {
    let (rotel, service) = start("http/protobuf", "none").await;
    service.send_requests(3).await;
    let (success, errors) = service.interrupt().await;
    assert!(success, "it ended by itself: {errors}");
    until("the spans arrive", async || (chats(&rotel) == 3).then_some(())).await;
}

/// An unsent span waits an hour for its turn: only a flush sends it.
async fn start(protocol: &str, compression: &str) -> (Peer, Service) {
    let (grpc, http) = (free_address(), free_address());
    let rotel = rotel(grpc, http).await;
    let service = service(protocol, compression, grpc, http, "3600000").await;
    (rotel, service)
}

async fn service(
    protocol: &str,
    compression: &str,
    grpc: SocketAddr,
    http: SocketAddr,
    delay: &str,
) -> Service {
    let address = if protocol == "grpc" { grpc } else { http };
    Service::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{address}")),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", compression),
        ("OTEL_LOGS_EXPORTER", "otlp"),
        ("OTEL_SERVICE_NAME", "peer-service"),
        ("OTEL_BSP_SCHEDULE_DELAY", delay),
        ("OTEL_BLRP_SCHEDULE_DELAY", delay),
        ("OTEL_METRIC_EXPORT_INTERVAL", delay),
    ])
    .await
}

/// The spans of `POST /chat` that arrived.
fn chats(rotel: &Peer) -> usize {
    rotel
        .printed()
        .lines()
        .filter(|line| line.trim().starts_with("Name") && line.trim().ends_with(": POST /chat"))
        .count()
}

async fn arrive(protocol: &str, compression: &str) {
    let (rotel, service) = start(protocol, compression).await;
    service.send_requests(2).await;
    let (success, lines) = service.end("end\n").await;
    assert!(success, "{lines}");
    // This collector reads no number of a metric in JSON; that they are as the specification says is tested
    // where they are written.
    let totals: &[&str] = if protocol == "http/json" {
        &[]
    } else {
        &["22", "10"]
    };
    let line = lines
        .lines()
        .find(|line| line.contains("the model has answered"))
        .expect("a line of log");
    let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
    // It prints when it comes to it, and not all at once.
    for part in ["prompt_size", "the model has answered", "peer-service"] {
        until(part, async || rotel.printed().contains(part).then_some(())).await;
    }
    for total in totals {
        until(&format!("prompt_size is {total}"), async || {
            let is_total = |line: &str| line.starts_with("Value") && line.ends_with(&format!(" {total}"));
            rotel
                .printed()
                .lines()
                .any(|line| is_total(line.trim()))
                .then_some(())
        })
        .await;
    }
    for id in ["trace_id", "span_id"] {
        let id = line[id].as_str().expect("an id");
        until("the line's ids, of a span and of a log record", async || {
            (rotel.printed().matches(id).count() >= 2).then_some(())
        })
        .await;
    }
    until("the server's spans", async || (chats(&rotel) >= 2).then_some(())).await;
    assert_eq!(chats(&rotel), 2, "server spans: {}", rotel.printed());
}

async fn restart(protocol: &str) {
    let (grpc, http) = (free_address(), free_address());
    let first = rotel(grpc, http).await;
    let service = service(protocol, "none", grpc, http, "100").await;
    service.send_requests(1).await;
    until("the first arrives", async || (chats(&first) == 1).then_some(())).await;
    first.stop().await;
    service.send_requests(5).await;
    let second = rotel(grpc, http).await;
    service.send_requests(20).await;
    let (_, errors) = service.end("end\n").await;
    let arrived = until("what follows arrives", async || {
        let arrived = chats(&second);
        (arrived >= 20).then_some(arrived)
    })
    .await;
    assert!(arrived <= 25, "nothing twice: {arrived}; {errors}");
}
