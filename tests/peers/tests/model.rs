//! A real model: the tokens on the spans are those that the model reported.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::post;
use serde_json::Value;
use throughline_test_support::Collector;
use throughline_test_support::process::{example, run};
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::peer::{Peer, free_address, installed, peers, until};

/// Input and output tokens.
type Usage = (u64, u64);

/// Passes requests on to the model and keeps the usage in its answers.
#[derive(Clone)]
struct Tap {
    model: SocketAddr,
    client: reqwest::Client,
    reported: Arc<Mutex<Vec<Usage>>>,
}

#[tokio::test]
async fn tokens_are_those_that_the_model_reported() {
    let (_model, model) = model().await;
    let tap = Tap {
        model,
        client: reqwest::Client::new(),
        reported: Arc::default(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
    let app = Router::new()
        .route("/v1/chat/completions", post(pass_on))
        .with_state(tap.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });

    let (collector, endpoint) = Collector::start().await;
    let endpoint = format!("{endpoint}/v1/traces");
    let mut quickstart = example("quickstart");
    quickstart.args(["--model-url", &url, "--model", "smollm2", "--exporter", "otlp"]);
    quickstart.args(["--otlp-endpoint", &endpoint]);
    let ran = run(quickstart).await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);

    let reported = tap.reported.lock().expect("the tap").clone();
    assert_eq!(reported.len(), 3, "the roles asked three times: {reported:?}");
    let mut calls: Vec<_> = collector
        .spans()
        .into_iter()
        .filter(|span| span.name == "chat smollm2")
        .collect();
    calls.sort_by_key(|span| span.start_time_unix_nano);
    let tree = collector.tree(&[]);
    for (tokens, (input, output)) in calls.iter().zip(&reported) {
        let has = |key: &str, value: &str| {
            tokens
                .attributes
                .iter()
                .any(|attribute| attribute.key == key && format!("{:?}", attribute.value).contains(value))
        };
        assert!(
            has("gen_ai.usage.input_tokens", &format!("IntValue({input})")),
            "input {input}:\n{tree}"
        );
        assert!(
            has("gen_ai.usage.output_tokens", &format!("IntValue({output})")),
            "output {output}:\n{tree}"
        );
        assert!(
            has("throughline.tokens.source", "\"reported\""),
            "provenance:\n{tree}"
        );
    }
    let (input, output) = reported
        .iter()
        .fold((0, 0), |sum, usage| (sum.0 + usage.0, sum.1 + usage.1));
    let counted = [
        format!("direction=\"input\" {input}"),
        format!("direction=\"output\" {output}"),
    ];
    assert_eq!(collector.counter("prompt_size"), counted, "prompt_size");
}

/// Starts the model.
pub(crate) async fn model() -> (Peer, SocketAddr) {
    let model = free_address();
    let mut command = Command::new(peers().join("venv/bin/python"));
    command
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/llm_server.py"))
        .arg(installed(".gguf"))
        .arg(model.port().to_string());
    let peer = Peer::start("model", command, model).await;
    let health = format!("http://{model}/health");
    until("the model is loaded", async || {
        reqwest::get(&health)
            .await
            .ok()
            .filter(|response| response.status() == StatusCode::OK)
    })
    .await;
    (peer, model)
}

async fn pass_on(State(tap): State<Tap>, body: Bytes) -> impl IntoResponse {
    let url = format!("http://{}/v1/chat/completions", tap.model);
    let request = tap
        .client
        .post(url)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body);
    let response = request.send().await.expect("the model answers");
    let status = response.status();
    let mut headers = HeaderMap::new();
    headers.extend(
        response
            .headers()
            .get(header::CONTENT_TYPE)
            .map(|kind| (header::CONTENT_TYPE, kind.clone())),
    );
    let body = response.bytes().await.expect("the model's answer");
    let reported = usage(&body).expect("the model reports its usage");
    tap.reported.lock().expect("the tap").push(reported);
    (status, headers, body)
}

/// The usage in an answer: the whole body, or the last event of a stream that has one.
fn usage(body: &[u8]) -> Option<Usage> {
    let text = std::str::from_utf8(body).ok()?;
    let jsons = text
        .lines()
        .map(|line| line.strip_prefix("data: ").unwrap_or(line));
    let mut usages = jsons
        .filter_map(|json| serde_json::from_str::<Value>(json).ok())
        .filter_map(|json| {
            let usage = json.get("usage")?;
            Some((
                usage.get("prompt_tokens")?.as_u64()?,
                usage.get("completion_tokens")?.as_u64()?,
            ))
        });
    usages.next_back()
}
