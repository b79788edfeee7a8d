//! What the SDKs of OpenAI, Anthropic and Google get through the gateway is what they get without it, byte
//! for byte, and the spans show it exactly.

use std::net::SocketAddr;

use serde_json::Value;
use throughline_test_support::process::{Running, run};
use tokio::process::Command;

use crate::aimock::Aimock;
use crate::model::model;
use crate::peer::{free_address, gateway, peers, until};
use crate::rotel::{Printed, rotel, spans};
use crate::tap::{Message, Tap};

#[tokio::test]
async fn sdks_get_what_a_mock_sends() {
    let aimock = Aimock::start().await;
    let (_, spans) = through_the_gateway("mock", aimock.address, MOCKED.len()).await;
    let summaries: Vec<String> = calls(&spans).into_iter().map(summary).collect();
    assert_eq!(
        summaries, MOCKED,
        "name, input and output tokens, provenance, finish reason, error"
    );

    // Its journal leaves out what is no model call.
    let attempts = spans
        .iter()
        .filter(|span| span.kind == "SPAN_KIND_CLIENT" && span.name == "POST");
    let continued: Vec<String> = attempts
        .map(|span| format!("00-{}-{}-01", span.trace, span.id))
        .collect();
    let received = aimock.received("traceparent").await;
    assert_eq!(received, continued, "the mock continues the span of each attempt");
}

#[tokio::test]
async fn sdks_get_what_a_real_model_sends() {
    let (_model, address) = model().await;
    let (answers, spans) = through_the_gateway("model", address, 7).await;
    let reported: Vec<(u64, u64)> = answers.iter().filter_map(usage).collect();
    assert_eq!(
        reported.len(),
        6,
        "two of OpenAI's APIs and Anthropic's, unary and streamed"
    );
    let summaries: Vec<String> = calls(&spans).into_iter().map(summary).collect();
    for (summary, (input, output)) in summaries.iter().zip(reported) {
        let expected = format!("chat smollm2: Int({input}) Int({output}) reported");
        assert!(summary.starts_with(&expected), "{summary} is {expected}");
    }
    let refused = summaries.get(6).expect("a refusal");
    assert_eq!(refused, "chat smollm2: - - unknown - 400", "a refusal");
}

/// Sends the requests of the SDKs to a peer, directly and through the gateway, and compares the bytes on both
/// sides of the gateway. Returns the answers and the spans in their order. `model_calls` of the requests are
/// model calls.
async fn through_the_gateway(
    questions: &str,
    peer: SocketAddr,
    model_calls: usize,
) -> (Vec<Message>, Vec<Printed>) {
    let plain = sdks(questions, peer).await;
    let (grpc, http) = (free_address(), free_address());
    let rotel = rotel(grpc, http).await;
    let far = Tap::start(peer).await;
    let mut command = gateway(far.address, "");
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{grpc}"))
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    let mut gateway = Running::start(command);
    let address = gateway.line("http://").await;
    let near = Tap::start(address.parse().expect("an address")).await;

    let traced = sdks(questions, near.address).await;
    assert_eq!(traced, plain, "what the SDKs print with the gateway, and without");
    let (near, far) = (near.exchanges(), far.exchanges());
    assert_eq!(near.len(), far.len(), "every request is forwarded once");
    for ((asked, mut answered), (mut passed, sent)) in near.into_iter().zip(far.iter().cloned()) {
        passed
            .headers
            .retain(|(name, _)| !["traceparent", "via", "x-request-id"].contains(&&**name));
        if !sent.headers.iter().any(|(name, _)| name == "date") {
            // A proxy adds a date to an answer that has none: RFC 9110, section 6.6.1.
            answered.headers.retain(|(name, _)| name != "date");
        }
        assert_eq!(passed, asked, "the request is forwarded unchanged");
        if !answered.whole && sent.body.starts_with(&answered.body) {
            // The client closed the connection, and its last events depend on timing.
            answered.body = sent.body.clone();
            answered.whole = sent.whole;
        }
        assert_eq!(answered, sent, "the answer is forwarded unchanged");
    }

    gateway.signal("TERM").await;
    let ended = gateway.end().await;
    assert_eq!(ended.code, Some(0), "the gateway ends by itself: {}", ended.err);
    // For each request one of the server and one of the client, and those of the calls.
    let all = far.len() * 2 + model_calls;
    until("every span arrives", async || {
        (spans(&rotel.printed()).len() >= all).then_some(())
    })
    .await;
    // The last of them may be half printed.
    let mut spans = spans(&rotel.end().await);
    assert_eq!(spans.len(), all, "every span, once: {spans:?}");
    spans.sort_by_key(|span| span.start);
    (far.into_iter().map(|(_, answer)| answer).collect(), spans)
}

/// Runs the SDKs' questions; what they print.
async fn sdks(questions: &str, address: SocketAddr) -> String {
    let mut command = Command::new(peers().join("venv/bin/python"));
    command
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/sdks.py"))
        .args([questions, &format!("http://{address}")])
        .env("NO_PROXY", "127.0.0.1")
        .kill_on_drop(true);
    let ran = run(command).await;
    assert_eq!(ran.code, Some(0), "the SDKs' questions: {}", ran.err);
    ran.out
}

fn calls(spans: &[Printed]) -> Vec<&Printed> {
    spans
        .iter()
        .filter(|span| span.attributes.contains_key("gen_ai.operation.name"))
        .collect()
}

/// A call in a line.
fn summary(span: &Printed) -> String {
    let text = |key: &str| {
        let value = span.attributes.get(key).map_or("-", String::as_str);
        let value = value
            .strip_prefix("Slice(")
            .and_then(|value| value.strip_suffix(')'))
            .unwrap_or(value);
        value
            .strip_prefix("Str(")
            .and_then(|value| value.strip_suffix(')'))
            .unwrap_or(value)
            .to_owned()
    };
    format!(
        "{}: {} {} {} {} {}",
        span.name,
        text("gen_ai.usage.input_tokens"),
        text("gen_ai.usage.output_tokens"),
        text("throughline.tokens.source"),
        text("gen_ai.response.finish_reasons"),
        text("error.type"),
    )
}

/// Input and output tokens of an answer, by either vendor's names: the last of each.
fn usage(answer: &Message) -> Option<(u64, u64)> {
    let text = std::str::from_utf8(&answer.body).ok()?;
    let (mut input, mut output) = (None, None);
    for line in text.lines() {
        let json = line.strip_prefix("data: ").unwrap_or(line);
        let Ok(json) = serde_json::from_str::<Value>(json) else {
            continue;
        };
        for usage in [
            &json["usage"],
            &json["message"]["usage"],
            &json["response"]["usage"],
        ] {
            let number = |name: &str| usage[name].as_u64();
            let cached = number("cache_read_input_tokens").unwrap_or(0);
            let sent = number("prompt_tokens").or_else(|| number("input_tokens"));
            input = sent.map(|sent| sent + cached).or(input);
            output = number("completion_tokens")
                .or_else(|| number("output_tokens"))
                .or(output);
        }
    }
    input.zip(output)
}

/// The calls of `sdks.py mock`, with the numbers of `aimock.json`.
const MOCKED: [&str; 22] = [
    "chat gpt-4o: Int(11) Int(5) reported stop -",
    "chat gpt-4o: Int(11) Int(5) reported stop -",
    "chat gpt-4o: Int(61) Int(13) reported tool_calls -",
    "chat gpt-4o: Int(61) Int(13) reported tool_calls -",
    "chat gpt-5: Int(31) Int(7) reported stop -",
    "chat gpt-5: Int(31) Int(7) reported stop -",
    "embeddings text-embedding-3-small: Int(0) - reported - -",
    "chat claude: Int(21) Int(6) reported end_turn -",
    "chat claude: Int(21) Int(6) reported end_turn -",
    "chat claude: Int(71) Int(14) reported tool_use -",
    "chat claude: Int(71) Int(14) reported tool_use -",
    "chat gpt-4o: - - unknown - rate_limit_exceeded",
    "chat gpt-4o: - - unknown - server_error",
    "chat gpt-4o: - - estimated error unexpected_eof",
    "chat claude: - - unknown - rate_limit_error",
    "chat claude: - - unknown - server_error",
    "chat claude: Int(12) Int(11) partial error unexpected_eof",
    "chat gpt-4o: - - estimated error cancelled",
    "chat claude: Int(12) Int(24) partial error cancelled",
    "generate_content gemini: Int(41) Int(8) reported STOP -",
    "generate_content gemini: Int(41) Int(8) reported STOP -",
    "generate_content gemini: - - unknown - rate_limit_error",
];
