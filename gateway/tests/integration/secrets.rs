//! Planted secrets are in no span, metric, log line or error.

use http::StatusCode;
use throughline_test_support::process::Running;
use throughline_test_support::{Collector, VARYING};

use crate::support::{Provider, chat, client, key_file, program};

const CALLER: &str = "key-of-sk-callers-planted-secret";

#[tokio::test]
async fn keys_and_prompts_are_recorded_nowhere() {
    let provider = Provider::start().await;
    let broken = Provider::answering([(500, Vec::new(), "{}".to_owned())]).await;
    let (collector, url) = Collector::start().await;
    let mut command = program(
        "secrets",
        &format!(
            "access_log: stdout\n\
             callers: [{{ name: team, key: {{ file: '{caller}' }} }}]\n\
             providers:\n\
             - {{ name: a, api: openai, base_url: 'http://{}', key: {{ file: '{a}' }}, headers: {{ x-secret: $PLANTED_HEADER }} }}\n\
             - {{ name: b, api: gemini, base_url: 'http://{}', key: {{ file: '{b}' }} }}\n\
             budgets: [{{ name: b, by: key, requests: 3, per: day }}]\n",
            provider.address,
            broken.address,
            caller = key_file("sk-callers-planted-secret"),
            a = key_file("planted-a"),
            b = key_file("planted-b"),
        ),
    );
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
        .env("OTEL_METRICS_EXPORTER", "prometheus")
        .env("PLANTED_HEADER", "planted-header-value");
    let mut gateway = Running::start(command);
    let at = gateway.line("http://").await;
    let mut answers = String::new();
    for (path, key) in [
        ("/v1/chat/completions".to_owned(), CALLER),
        ("/v1/chat/completions".to_owned(), "sk-wrong-planted-secret"),
        (format!("/v1beta/models/g:generateContent?key={CALLER}"), CALLER),
        (
            "/v1/chat/completions?api_key=query-planted-secret".to_owned(),
            CALLER,
        ),
        ("/v1/chat/completions".to_owned(), CALLER),
    ] {
        let request = client()
            .post(format!("http://{at}{path}"))
            .header("authorization", format!("Bearer {key}"));
        let body = chat("m").replace("Hello", "prompt-planted-secret");
        let response = request
            .header("cookie", "session=cookie-planted-secret")
            .body(body)
            .send()
            .await
            .expect("an answer");
        for (name, value) in response.headers() {
            answers += &format!("{name}: {}\n", value.to_str().expect("text"));
        }
        answers += &response.text().await.expect("text");
    }
    let refused = client()
        .post(format!("http://{at}/v1/chat/completions"))
        .header("authorization", format!("Bearer {CALLER}"));
    let refused = refused.body(chat("m")).send().await.expect("an answer");
    assert_eq!(
        refused.status(),
        StatusCode::TOO_MANY_REQUESTS,
        "the budget is used up"
    );
    answers += &refused.text().await.expect("text");
    let metrics = client().get(format!("http://{at}/metrics")).send().await;
    let metrics = metrics.expect("an answer").text().await.expect("text");
    for name in [
        "gen_ai_client_inference_usage_input_tokens_total",
        "http_server_request_duration_seconds",
    ] {
        assert!(metrics.contains(name), "{name} was recorded:\n{metrics}");
    }
    gateway.signal("TERM").await;
    let ran = gateway.end().await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let tree = collector.tree(VARYING);
    assert!(
        tree.contains("gen_ai.usage.input_tokens=7"),
        "the calls were recorded:\n{tree}"
    );
    assert_eq!(
        ran.out.matches("\"request_id\"").count(),
        6,
        "a line for each request:\n{}",
        ran.out
    );
    for (what, text) in [
        ("spans", &tree),
        ("log", &ran.out),
        ("errors", &ran.err),
        ("answers", &answers),
        ("metrics", &metrics),
    ] {
        for secret in [
            "planted-secret",
            "key-of-planted",
            "planted-header-value",
            "sk-callers",
        ] {
            assert!(!text.contains(secret), "{secret} is in the {what}:\n{text}");
        }
    }
    // Each provider got its own key and no other.
    for (received, own, other) in [
        (provider.received(), "key-of-planted-a", "key-of-planted-b"),
        (broken.received(), "key-of-planted-b", "key-of-planted-a"),
    ] {
        assert!(!received.is_empty(), "it got the request");
        for request in received {
            let headers = format!("{:?} {}", request.headers, request.path);
            assert!(headers.contains(own), "its own key: {headers}");
            assert!(
                !headers.contains(other) && !headers.contains(CALLER) && !headers.contains("cookie-planted"),
                "{headers}"
            );
        }
    }
}

#[tokio::test]
async fn access_log_has_the_trace_and_the_outcome() {
    let provider = Provider::start().await;
    let mut gateway = Running::start(program(
        "access-log",
        &format!(
            "access_log: stdout\ntelemetry: {{ tracing: {{ enabled: true, exporter: console }} }}\n\
             providers: [{{ name: a, api: openai, base_url: 'http://{}' }}]\nmodels: [{{ name: m, provider: a }}]\n",
            provider.address
        ),
    ));
    let at = gateway.line("http://").await;
    let request = client()
        .post(format!("http://{at}/v1/chat/completions?key=secret"))
        .header("x-request-id", "mine");
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let response = request
        .header("traceparent", parent)
        .body(chat("m"))
        .send()
        .await
        .expect("an answer");
    let length = response.text().await.expect("text").len();
    gateway.signal("TERM").await;
    let ran = gateway.end().await;
    let line = ran
        .out
        .lines()
        .find(|line| line.contains("\"request_id\""))
        .expect("a line");
    let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
    for (key, expected) in [
        ("request_id", "mine".into()),
        ("trace_id", "0af7651916cd43dd8448eb211c80319c".into()),
        ("method", "POST".into()),
        ("path", "/v1/chat/completions".into()),
        ("api", "openai".into()),
        ("model", "m".into()),
        ("provider", "a".into()),
        ("status", 200.into()),
        ("bytes", length.into()),
        ("error", serde_json::Value::Null),
    ] {
        assert_eq!(line[key], expected, "{key} in {line}");
    }
    assert!(
        line["duration_ms"].as_f64().is_some_and(|time| time > 0.0),
        "{line}"
    );
}
