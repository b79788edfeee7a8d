//! The layers among the libraries that they are used with, over real sockets.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may"
)]

mod aborted;
mod bound;
mod bytes;
mod clients;
mod conventions;
mod errors;
mod followed;
mod grpc;
mod loopback;
mod nested;
mod peers;
mod redirects;
mod retries;
mod routes;
mod secrets;
#[cfg(unix)]
mod sockets;
mod stack;
mod streams;
mod tracing_spans;
mod upgrades;
mod w3c;
mod warnings;

use std::net::SocketAddr;

use axum::Router;
use throughline_propagation::W3cPropagator;
use throughline_test_support::{Recorder, TEST_TIMEOUT, poll_until};
use throughline_tracing_layer::{ClientLayer, ServerLayer};
use tokio::net::TcpListener;

/// Attributes that differ from run to run.
const MASKED: [&str; 5] = [
    "client.address",
    "network.peer.address",
    "network.peer.port",
    "server.port",
    "url.full",
];

fn server(recorder: &Recorder) -> ServerLayer {
    ServerLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
        .with_body_sizes(true)
        .with_propagator(W3cPropagator::new())
}

fn client(recorder: &Recorder) -> ClientLayer {
    ClientLayer::new()
        .with_tracer_provider(recorder.tracer_provider())
        .with_meter_provider(recorder.meter_provider())
        .with_body_sizes(true)
        .with_propagator(W3cPropagator::new())
}

/// Serves a router, until the runtime of the test ends.
async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    drop(tokio::spawn(async move { axum::serve(listener, service).await }));
    address
}

/// Waits until as many spans have ended.
async fn spans(recorder: &Recorder, count: usize) {
    let all_ended = async || (recorder.spans().len() >= count).then_some(());
    poll_until(format!("{count} spans"), TEST_TIMEOUT, all_ended).await;
}

/// The tree of spans with the attributes that a test is about, without events.
fn outline(recorder: &Recorder, keys: &[&str]) -> String {
    let wanted = |line: &str| {
        let text = line.trim_start();
        match text.strip_prefix("- ") {
            Some(attribute) => keys.iter().any(|key| attribute.split('=').next() == Some(*key)),
            None => !text.starts_with("! "),
        }
    };
    let tree = recorder.tree(&MASKED);
    let lines: Vec<&str> = tree.lines().filter(|line| wanted(line)).collect();
    lines.join("\n")
}

fn active(recorder: &Recorder) -> Vec<String> {
    let metrics = recorder.metrics().into_iter();
    metrics
        .filter(|line| line.starts_with("http.server.active_requests"))
        .collect()
}
