//! Every span arrives at a collector that is not ours, over gRPC and over HTTP, with the right parent.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use throughline_test_support::process::{example, run};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::peer::{Peer, free_address, installed, peers, until};

/// A span as the collector printed it.
#[derive(Debug, Default, Clone)]
pub(crate) struct Printed {
    pub(crate) id: String,
    pub(crate) parent: String,
    pub(crate) trace: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    /// In nanoseconds.
    pub(crate) start: u64,
    /// Such as `Int(5)`.
    pub(crate) attributes: HashMap<String, String>,
}

#[tokio::test]
async fn every_span_arrives_over_grpc() {
    let (grpc, http) = (free_address(), free_address());
    arrives("grpc", &format!("http://{grpc}"), grpc, http).await;
}

#[tokio::test]
async fn every_span_arrives_over_http() {
    let (grpc, http) = (free_address(), free_address());
    arrives("http/protobuf", &format!("http://{http}/v1/traces"), grpc, http).await;
}

/// Starts a collector that prints what it receives.
pub(crate) async fn rotel(grpc: SocketAddr, http: SocketAddr) -> Peer {
    let mut command = Command::new(installed("rotel-agent"));
    command
        .args([
            "start",
            "--exporter",
            "blackhole",
            "--debug-log",
            "traces",
            "--debug-log",
            "metrics",
            "--debug-log",
            "logs",
        ])
        .args(["--debug-log-verbosity", "detailed"])
        .args([
            "--otlp-grpc-endpoint",
            &grpc.to_string(),
            "--otlp-http-endpoint",
            &http.to_string(),
        ])
        .arg("--pid-file")
        .arg(peers().join(format!("rotel-{}.pid", grpc.port())));
    let peer = Peer::start("rotel", command, http).await;
    until("rotel takes gRPC", async || TcpStream::connect(grpc).await.ok()).await;
    peer
}

async fn arrives(protocol: &str, endpoint: &str, grpc: SocketAddr, http: SocketAddr) {
    let rotel = rotel(grpc, http).await;
    let mut quickstart = example("quickstart");
    quickstart
        .args(["--exporter", "otlp", "--otlp-endpoint", endpoint])
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
    let ran = run(quickstart).await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);

    let spans = until("ten spans arrive", async || {
        let spans = spans(&rotel.printed());
        (spans.len() >= EXPECTED.len()).then_some(spans)
    })
    .await;
    let names: HashMap<&str, &str> = spans
        .iter()
        .map(|span| (span.id.as_str(), span.name.as_str()))
        .collect();
    let mut arrived: Vec<(&str, &str, &str)> = spans
        .iter()
        .map(|span| {
            let parent = names.get(span.parent.as_str()).copied().unwrap_or(&span.parent);
            (span.name.as_str(), span.kind.as_str(), parent)
        })
        .collect();
    arrived.sort_unstable();
    assert_eq!(arrived, EXPECTED, "name, kind and parent of every span");
    let traces: HashSet<&str> = spans.iter().map(|span| span.trace.as_str()).collect();
    assert_eq!(traces.len(), 1, "one trace: {spans:?}");

    until("prompt_size arrives", async || {
        let printed = rotel.printed();
        (printed.contains("prompt_size") && printed.contains("Str(input)") && printed.contains("Str(output)"))
            .then_some(())
    })
    .await;
}

/// Name, kind and parent's name, sorted.
const EXPECTED: [(&str, &str, &str); 11] = [
    ("POST", "SPAN_KIND_CLIENT", "chat scripted"),
    ("POST", "SPAN_KIND_CLIENT", "chat scripted"),
    ("POST", "SPAN_KIND_CLIENT", "chat scripted"),
    ("POST /task", "SPAN_KIND_SERVER", ""),
    ("chat scripted", "SPAN_KIND_CLIENT", "invoke_agent CodeGenerator"),
    ("chat scripted", "SPAN_KIND_CLIENT", "invoke_agent Planner"),
    ("chat scripted", "SPAN_KIND_CLIENT", "invoke_agent Planner"),
    (
        "execute_tool Executor",
        "SPAN_KIND_INTERNAL",
        "invoke_agent CodeInterpreter",
    ),
    (
        "invoke_agent CodeGenerator",
        "SPAN_KIND_INTERNAL",
        "invoke_agent CodeInterpreter",
    ),
    (
        "invoke_agent CodeInterpreter",
        "SPAN_KIND_INTERNAL",
        "invoke_agent Planner",
    ),
    ("invoke_agent Planner", "SPAN_KIND_INTERNAL", "POST /task"),
];

/// Reads the collector's print of each span.
pub(crate) fn spans(printed: &str) -> Vec<Printed> {
    let mut spans: Vec<Printed> = Vec::new();
    let mut within = false;
    for line in printed.lines() {
        if line.starts_with("Resource") || line.starts_with("Scope") {
            within = false;
        }
        if line.starts_with("Span #") {
            within = true;
            spans.push(Printed::default());
        }
        let (Some(span), Some((key, value))) = (spans.last_mut().filter(|_| within), line.split_once(':'))
        else {
            continue;
        };
        let value = value.trim().to_owned();
        // Those of events stand further in.
        if let Some(key) = key.strip_prefix("     -> ") {
            span.attributes.insert(key.to_owned(), value);
            continue;
        }
        match key.trim() {
            "Trace ID" => span.trace = value,
            "Parent ID" => span.parent = value,
            "ID" => span.id = value,
            "Name" => span.name = value,
            "Kind" => span.kind = value,
            "Start time" => span.start = value.parse().expect("nanoseconds"),
            _ => {}
        }
    }
    spans.retain(|span| !span.kind.is_empty());
    spans
}
