//! Budgets of tokens, cost and requests.

use futures_util::future::join_all;
use http::StatusCode;

use crate::support::{Provider, Running, chat, client, providers, until};

/// Each answer uses 10 tokens: 7 in, 3 out.
async fn gateway(budgets: &str, provider: &Provider) -> Running {
    Running::start(&format!(
        "{budgets}\n{}",
        providers(&[("a", "openai", provider.address)])
    ))
    .await
}

/// A chat that reserves 10 tokens for its input and its output.
fn small() -> String {
    // 28 bytes are estimated as 7 tokens.
    let body = r#"{"model":"m","max_tokens":3}"#;
    assert_eq!(body.len(), 28, "its estimate is what is used");
    body.to_owned()
}

#[tokio::test]
async fn concurrent_requests_do_not_exceed_a_budget_together() {
    let provider = Provider::start().await;
    let gateway = gateway("budgets: [{ name: b, tokens: 100, per: day }]", &provider).await;
    let body = small();
    let answers = join_all((0..40).map(|_| gateway.send(&body))).await;
    let admitted = answers
        .iter()
        .filter(|answer| answer.status() == StatusCode::OK)
        .count();
    assert_eq!(admitted, 10, "100 tokens are 10 requests of 10");
    assert_eq!(provider.received().len(), 10, "the others were not sent");
    let refused = gateway.send(&body).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS, "used up");
    assert_eq!(
        refused.headers()["x-should-retry"],
        "false",
        "another try is of no use"
    );
    let wait: u64 = refused.headers()["retry-after"]
        .to_str()
        .expect("text")
        .parse()
        .expect("a number");
    assert!((1..=86_400).contains(&wait), "until the end of the day: {wait}");
    let text = refused.text().await.expect("text");
    assert!(
        text.contains(r#"the budget \"b\" of 100 tokens a day is used up (100 used); it starts anew in"#)
            && text.contains(r#""code":"rate_limit_exceeded""#),
        "{text}"
    );
}

#[tokio::test]
async fn request_is_charged_what_it_used_and_not_what_it_reserved() {
    let provider = Provider::start().await;
    let gateway = gateway(
        "budgets: [{ name: b, tokens: 25, per: day, reserve_output: 1000 }]",
        &provider,
    )
    .await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(gateway.chat("m").await.0.as_u16());
    }
    assert_eq!(statuses, [200, 200, 200, 429], "10, 20, 30 tokens, and then none");
}

#[tokio::test]
async fn requests_that_the_provider_refuses_cost_no_tokens() {
    let error = (400, Vec::new(), "{\"error\":{}}".to_owned());
    let provider = Provider::answering([error]).await;
    let gateway = gateway(
        "budgets: [{ name: t, tokens: 20, per: day }, { name: r, requests: 5, per: day }]",
        &provider,
    )
    .await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(gateway.chat("m").await.0.as_u16());
    }
    assert_eq!(
        statuses,
        [400, 400, 400, 400, 400, 429],
        "5 requests, and no tokens"
    );
}

#[tokio::test]
async fn each_key_header_and_model_has_a_budget_of_its_own() {
    for (by, header, models, expected) in [
        ("key", "authorization", ["m", "m"], [200, 429, 200, 429]),
        ("{ header: x-team }", "x-team", ["m", "m"], [200, 429, 200, 429]),
        ("model", "x-team", ["m", "n"], [200, 429, 200, 429]),
        ("all", "x-team", ["m", "n"], [200, 429, 429, 429]),
    ] {
        let provider = Provider::start().await;
        let gateway = gateway(
            &format!("budgets: [{{ name: b, by: {by}, requests: 1, per: day }}]"),
            &provider,
        )
        .await;
        let mut statuses = Vec::new();
        for (value, model) in ["Bearer one", "Bearer two"].into_iter().zip(models) {
            for _ in 0..2 {
                let request = client()
                    .post(gateway.url("/v1/chat/completions"))
                    .header(header, value);
                statuses.push(
                    request
                        .body(chat(model))
                        .send()
                        .await
                        .expect("an answer")
                        .status()
                        .as_u16(),
                );
            }
        }
        assert_eq!(statuses, expected, "by {by}");
    }
}

#[tokio::test]
async fn budget_of_some_models_leaves_the_others() {
    let provider = Provider::start().await;
    let gateway = gateway(
        "budgets: [{ name: b, requests: 1, per: day, models: [m] }]",
        &provider,
    )
    .await;
    let mut statuses = Vec::new();
    for model in ["m", "m", "n", "n"] {
        statuses.push(gateway.chat(model).await.0.as_u16());
    }
    assert_eq!(statuses, [200, 429, 200, 200], "only m is limited");
}

#[tokio::test]
async fn budget_of_cost_counts_by_the_prices() {
    let provider = Provider::start().await;
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("prices.json");
    let prices = r#"{"m": {"input_cost_per_token": 0.01, "output_cost_per_token": 0.1, "litellm_provider": "openai", "mode": "chat"}}"#;
    std::fs::write(&path, prices).expect("a file");
    // An answer costs 7 * 0.01 + 3 * 0.1 = 0.37.
    let gateway = gateway(
        &format!(
            "llm: {{ prices: '{}' }}\nbudgets: [{{ name: b, cost: 0.75, per: day, reserve_output: 1 }}]",
            path.display()
        ),
        &provider,
    )
    .await;
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(gateway.chat("m").await);
    }
    let statuses: Vec<u16> = answers.iter().map(|(status, _)| status.as_u16()).collect();
    assert_eq!(statuses, [200, 200, 200, 429], "0.37, 0.74, 1.11");
    let (_, text) = answers.pop().expect("an answer");
    assert!(
        text.contains(r#"of 0.75 units of cost a day is used up (1.11 used)"#)
            && text.contains("insufficient_quota"),
        "{text}"
    );
}

#[tokio::test]
async fn reload_keeps_what_was_counted() {
    let provider = Provider::start().await;
    let yaml = format!(
        "budgets: [{{ name: b, requests: 2, per: day }}]\n{}",
        providers(&[("a", "openai", provider.address)])
    );
    let gateway = Running::start(&yaml).await;
    assert_eq!(gateway.chat("m").await.0.as_u16(), 200, "the first");
    gateway
        .gateway
        .reload(&crate::support::config(&yaml, ""))
        .expect("the same configuration");
    assert_eq!(gateway.chat("m").await.0.as_u16(), 200, "the second");
    assert_eq!(gateway.chat("m").await.0.as_u16(), 429, "the third");
}

#[tokio::test]
async fn stream_that_its_client_leaves_is_charged() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let gateway = Running::start(&format!(
        "budgets: [{{ name: b, tokens: 8, per: day, reserve_output: 1 }}]\n{}",
        providers(&[("a", "openai", address)])
    ))
    .await;
    let body = r#"{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"Hello"}]}"#;
    let sent = tokio::spawn({
        let request = client().post(gateway.url("/v1/chat/completions")).body(body);
        request.send()
    });
    let (mut provider, _) = listener.accept().await.expect("a connection");
    let mut request = Vec::new();
    while !request.ends_with(body.as_bytes()) {
        request.push(provider.read_u8().await.expect("a byte"));
    }
    let event = "data: {\"id\":\"1\",\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one two three four\"}}]}\n\n";
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = format!("{head}{:X}\r\n{event}\r\n", event.len());
    provider.write_all(chunk.as_bytes()).await.expect("written");
    let mut response = sent.await.expect("no panic").expect("an answer");
    let first = response.chunk().await.expect("a chunk").expect("an event");
    assert_eq!(first, event, "the event passes");
    drop(response);
    // The connection to the provider ends with that of the client.
    let end = tokio::time::timeout(std::time::Duration::from_secs(30), provider.read_u8()).await;
    assert!(matches!(end, Ok(Err(_))), "the provider sees the end: {end:?}");
    // 8 tokens of the prompt and 4 of the answer are estimated, more than the limit of 8.
    until("the budget is charged", async || {
        let refused = client()
            .post(gateway.url("/v1/chat/completions"))
            .body(body)
            .send();
        let refused = tokio::time::timeout(std::time::Duration::from_secs(5), refused).await;
        matches!(refused, Ok(Ok(response)) if response.status() == StatusCode::TOO_MANY_REQUESTS)
    })
    .await;
}
