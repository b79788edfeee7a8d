//! A viewer, and the telemetry that it shows.

use reqwest::Client;
use serde_json::{Value, json};
use throughline_test_support::process::{example, run};
use throughline_viewer::{Viewer, ViewerConfig};
use tokio::net::TcpListener;

/// Any time after the epoch: the start of the traces, in milliseconds.
const START: u64 = 1_764_500_000_000;

/// A viewer that runs until the test ends.
pub(super) struct Store {
    /// The address of the page, with a slash at the end.
    pub(super) page: String,
    /// The addresses of the receivers.
    pub(super) http: String,
    pub(super) grpc: String,
}

impl Store {
    pub(super) async fn start() -> Self {
        let viewer = Viewer::new(ViewerConfig::default());
        let page = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let http = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let grpc = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address =
            |listener: &TcpListener| format!("http://{}", listener.local_addr().expect("an address"));
        let store = Self {
            page: format!("{}/", address(&page)),
            http: address(&http),
            grpc: address(&grpc),
        };
        tokio::spawn(async move {
            tokio::join!(
                viewer.serve_page(page, std::future::pending()),
                viewer.serve_http(http, std::future::pending()),
                viewer.serve_grpc(grpc, std::future::pending()),
            )
        });
        store
    }

    /// Runs the quickstart, with prompts and answers recorded.
    pub(super) async fn run_quickstart(&self) {
        let mut command = example("quickstart");
        command.arg("--capture").envs([
            ("OTEL_TRACES_EXPORTER", "otlp"),
            ("OTEL_METRICS_EXPORTER", "otlp"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &self.http),
        ]);
        let ran = run(command).await;
        assert_eq!(ran.code, Some(0), "the quickstart answers: {}", ran.err);
    }

    /// Sends spans of a service as OTLP/JSON.
    pub(super) async fn send(&self, service: &str, spans: &[Value]) {
        let request = json!({ "resourceSpans": [{
            "resource": { "attributes": [attribute("service.name", service)] },
            "scopeSpans": [{ "scope": { "name": "test" }, "spans": spans }],
        }] });
        let sent = Client::new().post(format!("{}/v1/traces", self.http));
        let sent = sent
            .header("content-type", "application/json")
            .body(request.to_string());
        let answer = sent.send().await.expect("the receiver answers");
        assert_eq!(answer.status(), 200, "the spans are accepted");
        assert_eq!(
            answer.text().await.expect("an answer"),
            "{}",
            "all spans are accepted"
        );
    }

    /// Reads the API.
    pub(super) async fn read(&self, path: &str) -> Value {
        let answer = Client::new().get(format!("{}api/{path}", self.page)).send().await;
        let text = answer.expect("the API answers").text().await.expect("a text");
        serde_json::from_str(&text).expect("JSON")
    }
}

/// A span of a trace. `from` and `to` are milliseconds after the start.
pub(super) fn span(trace: u32, id: u64, parent: Option<u64>, name: &str, from: u64, to: u64) -> Value {
    json!({
        "traceId": format!("{trace:032x}"),
        "spanId": format!("{id:016x}"),
        "parentSpanId": parent.map(|parent| format!("{parent:016x}")).unwrap_or_default(),
        "name": name,
        "kind": 1,
        "startTimeUnixNano": format!("{}000000", START + from),
        "endTimeUnixNano": format!("{}000000", START + to),
    })
}

pub(super) fn attribute(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// Adds attributes to a span.
pub(super) fn with(mut span: Value, attributes: Vec<Value>) -> Value {
    span["attributes"] = Value::Array(attributes);
    span
}

/// A model call with a price, a prompt, a tool call with its result, and reasoning.
pub(super) fn priced_call(trace: u32, id: u64, parent: u64, from: u64, to: u64) -> Value {
    let int = |key: &str, value: u64| json!({ "key": key, "value": { "intValue": value.to_string() } });
    let number = |key: &str, value: f64| json!({ "key": key, "value": { "doubleValue": value } });
    let input = json!([
        { "role": "user", "parts": [{ "type": "text", "content": "How many tickets are open?" }] },
        { "role": "assistant", "parts": [{ "type": "tool_call", "id": "call_1", "name": "count_tickets", "arguments": { "state": "open" } }] },
        { "role": "tool", "parts": [{ "type": "tool_call_response", "id": "call_1", "response": { "open": 14 } }] },
    ]);
    let output = json!([{ "role": "assistant", "finish_reason": "stop", "parts": [
        { "type": "reasoning", "content": "The tool says 14." },
        { "type": "text", "content": "14 tickets are open." },
    ] }]);
    let system = json!([{ "type": "text", "content": "You are a help desk." }]);
    let call = span(trace, id, Some(parent), "chat gpt-4o", from, to);
    with(
        call,
        vec![
            attribute("gen_ai.operation.name", "chat"),
            attribute("gen_ai.provider.name", "openai"),
            attribute("gen_ai.request.model", "gpt-4o"),
            attribute("gen_ai.response.model", "gpt-4o-2024-08-06"),
            int("gen_ai.usage.input_tokens", 1200),
            int("gen_ai.usage.output_tokens", 80),
            int("gen_ai.usage.cache_read.input_tokens", 1000),
            number("gen_ai.response.time_to_first_chunk", 0.12),
            number("throughline.cost", 0.00255),
            attribute("throughline.tokens.source", "reported"),
            attribute("gen_ai.system_instructions", &system.to_string()),
            attribute("gen_ai.input.messages", &input.to_string()),
            attribute("gen_ai.output.messages", &output.to_string()),
        ],
    )
}
