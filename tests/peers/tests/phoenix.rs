//! Phoenix shows a call through the gateway as a call of a model: kind, model, tokens and messages.

use serde_json::{Value, json};
use throughline_test_support::process::Running;
use tokio::process::Command;

use crate::aimock::Aimock;
use crate::peer::{Peer, free_address, gateway, peers, until};

#[tokio::test]
async fn phoenix_shows_the_call_of_a_model() {
    let (web, grpc) = (free_address(), free_address());
    let mut phoenix = Command::new(peers().join("phoenix/bin/phoenix"));
    phoenix
        .arg("serve")
        .env(
            "PHOENIX_WORKING_DIR",
            peers().join(format!("phoenix-{}", web.port())),
        )
        .env("PHOENIX_HOST", "127.0.0.1")
        .env("PHOENIX_PORT", web.port().to_string())
        .env("PHOENIX_GRPC_PORT", grpc.port().to_string())
        .env("PHOENIX_TELEMETRY_ENABLED", "false")
        .env("PHOENIX_ALLOW_EXTERNAL_RESOURCES", "false")
        .env("PHOENIX_DISABLE_AGENT_ASSISTANT", "true")
        .env("PHOENIX_AGENTS_DISABLE_BASH", "true");
    let _phoenix = Peer::start("phoenix", phoenix, web).await;
    let aimock = Aimock::start().await;
    let mut command = gateway(aimock.address, "llm: { openinference: true }");
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{web}"))
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
        .env("OTEL_METRICS_EXPORTER", "none")
        .env("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "SPAN_ONLY");
    let mut gateway = Running::start(command);
    let address = gateway.line("http://").await;
    let question = json!({
        "model": "gpt-4o",
        "messages": [{ "role": "user", "content": "Hi" }],
        "stream": true,
        "stream_options": { "include_usage": true },
    });
    let request = reqwest::Client::new()
        .post(format!("http://{address}/v1/chat/completions"))
        .json(&question);
    let answer = request.send().await.expect("an answer").text().await;
    answer.expect("the whole answer");
    gateway.signal("TERM").await;
    let ended = gateway.end().await;
    assert_eq!(ended.code, Some(0), "the gateway ends by itself: {}", ended.err);

    let spans = format!("http://{web}/v1/projects/default/spans?limit=10");
    let call = until("Phoenix lists the call", async || {
        let spans: Value = reqwest::get(&spans).await.ok()?.json().await.ok()?;
        let call = |span: &&Value| span["name"] == "chat gpt-4o";
        spans["data"].as_array()?.iter().find(call).cloned()
    })
    .await;
    let expected = [
        ("llm.model_name", json!("gpt-4o")),
        ("llm.token_count.prompt", json!(11)),
        ("llm.token_count.completion", json!(5)),
        ("llm.input_messages.0.message.role", json!("user")),
        ("llm.input_messages.0.message.content", json!("Hi")),
        ("llm.output_messages.0.message.role", json!("assistant")),
        (
            "llm.output_messages.0.message.content",
            json!("Hello from the mock: äöü, 你好 and 🙂."),
        ),
    ];
    assert_eq!(call["span_kind"], "LLM", "the kind: {call}");
    for (key, value) in expected {
        assert_eq!(call["attributes"][key], value, "{key}: {call}");
    }
}
