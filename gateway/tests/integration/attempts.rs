//! Retries, fail-over and circuits.

use std::time::Instant;

use http::StatusCode;
use throughline_test_support::{Collector, VARYING, Vacant, process};

use crate::support::{
    ANSWER, Answer, Provider, Received, Running, chat, client, key_file, program, providers,
};

fn answer(status: u16, headers: &[(&'static str, &'static str)]) -> Answer {
    let body = if status == 200 {
        ANSWER.to_owned()
    } else {
        format!("{{\"error\":{status}}}")
    };
    (status, headers.to_vec(), body)
}

const RETRIES: &str = "retries: { attempts: 3, backoff: 10ms, max_backoff: 2s }\n";

#[tokio::test]
async fn failures_before_the_first_byte_are_tried_again() {
    for (status, headers) in [
        (429, &[][..]),
        (500, &[]),
        (503, &[("retry-after-ms", "20")]),
        (529, &[]),
    ] {
        let provider =
            Provider::answering([answer(status, headers), answer(status, headers), answer(200, &[])]).await;
        let gateway = Running::start(&format!(
            "{RETRIES}{}",
            providers(&[("a", "openai", provider.address)])
        ))
        .await;
        let (got, text) = gateway.chat("m").await;
        assert_eq!(
            (got, &*text),
            (StatusCode::OK, ANSWER),
            "{status}: the third try succeeds"
        );
        let received = provider.received();
        assert_eq!(received.len(), 3, "{status}");
        for request in received {
            assert_eq!(request.body, chat("m"), "{status}: each try has the whole body");
        }
    }
}

#[tokio::test]
async fn provider_is_asked_after_the_time_it_names() {
    let provider = Provider::answering([answer(429, &[("retry-after", "1")]), answer(200, &[])]).await;
    let gateway = Running::start(&format!(
        "{RETRIES}{}",
        providers(&[("a", "openai", provider.address)])
    ))
    .await;
    let started = Instant::now();
    assert_eq!(
        gateway.chat("m").await.0,
        StatusCode::OK,
        "the second try succeeds"
    );
    assert!(
        started.elapsed().as_millis() >= 1000,
        "after a second, not after 10 ms: {:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn last_answer_is_passed_on_unchanged() {
    for (status, headers, tries) in [
        (503, &[][..], 3),
        (400, &[], 1),
        (501, &[], 1),
        (500, &[("x-should-retry", "false")], 1),
        (429, &[("retry-after", "3600")], 1),
    ] {
        let provider = Provider::answering([answer(status, headers)]).await;
        let gateway = Running::start(&format!(
            "{RETRIES}{}",
            providers(&[("a", "openai", provider.address)])
        ))
        .await;
        let (got, text) = gateway.chat("m").await;
        let expected = format!("{{\"error\":{status}}}");
        assert_eq!(
            (got.as_u16(), text),
            (status, expected),
            "{status} {headers:?}: the provider's answer"
        );
        assert_eq!(provider.received().len(), tries, "{status} {headers:?}: tries");
    }
}

#[tokio::test]
async fn next_provider_gets_its_own_key_and_name_of_the_model() {
    let vacant = Vacant::new();
    let (down, up) = (
        Provider::answering([answer(500, &[])]).await,
        Provider::start().await,
    );
    for (first, tries) in [(down.address, 3), (vacant.address(), 0)] {
        let gateway = Running::start(&format!(
            "{RETRIES}{}models: [{{ name: m, provider: a, model: m-a, fallbacks: [{{ provider: b, model: longer-name-of-b }}] }}]",
            providers(&[("a", "openai", first), ("b", "openai", up.address)])
        ))
        .await;
        let before = (down.received().len(), up.received().len());
        let (status, text) = gateway.chat("m").await;
        assert_eq!(
            (status, &*text),
            (StatusCode::OK, ANSWER),
            "{first}: the fallback answers"
        );
        assert_eq!(
            down.received().len() - before.0,
            tries,
            "{first}: tries at the first"
        );
        let received = up.received();
        assert_eq!(received.len() - before.1, 1, "{first}: one try at the second");
        let received = received.last().expect("a request");
        assert_eq!(
            received.body,
            chat("longer-name-of-b"),
            "the name of the fallback"
        );
        assert_eq!(
            received.header("authorization"),
            Some("Bearer key-of-b"),
            "the key of the fallback, not of the first"
        );
        let length = received.header("content-length");
        assert_eq!(
            length,
            Some(&*received.body.len().to_string()),
            "the length of the new body"
        );
    }
    for request in down.received() {
        assert_eq!(
            request.header("authorization"),
            Some("Bearer key-of-a"),
            "the key of the first"
        );
        assert_eq!(request.body, chat("m-a"), "the name of the first");
    }
}

/// The fallback used to get the headers of the first provider, and the first provider's name of the model.
#[tokio::test]
async fn next_provider_gets_nothing_of_the_first() {
    let (down, up) = (
        Provider::answering([answer(500, &[])]).await,
        Provider::start().await,
    );
    let provider = |name: &str, address, headers: &str| {
        format!(
            "- {{ name: {name}, api: openai, base_url: 'http://{address}', key: {{ file: '{}' }}, headers: {headers} }}\n",
            key_file(name)
        )
    };
    let gateway = Running::start(&format!(
        "providers:\n{}{}models: [{{ name: m, provider: a, model: m-a, fallbacks: [b] }}]",
        provider(
            "a",
            down.address,
            "{ x-token: secret-of-a, x-both: a, x-team: a }"
        ),
        provider("b", up.address, "{ x-both: b }"),
    ))
    .await;
    let request = client()
        .post(gateway.url("/v1/chat/completions"))
        .header("x-team", "caller");
    let response = request.body(chat("m")).send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK, "the fallback answers");
    let headers = |request: &Received| {
        ["authorization", "x-token", "x-both", "x-team"].map(|name| request.header(name).map(str::to_owned))
    };
    let text = |value: &str| Some(value.to_owned());
    let (first, second) = (down.only(), up.only());
    assert_eq!(
        headers(&first),
        [text("Bearer key-of-a"), text("secret-of-a"), text("a"), text("a")],
        "the headers of the first"
    );
    assert_eq!(first.body, chat("m-a"), "the first provider's name of the model");
    assert_eq!(
        headers(&second),
        [text("Bearer key-of-b"), None, text("b"), text("caller")],
        "those of the second, and of the caller"
    );
    assert_eq!(second.body, chat("m"), "the name that the client sent");
}

#[tokio::test]
async fn circuit_opens_after_failures_in_a_row() {
    let provider = Provider::answering([answer(500, &[])]).await;
    let gateway = Running::start(&format!(
        "circuit: {{ failures: 2, open_for: 1h }}\n{}",
        providers(&[("a", "openai", provider.address)])
    ))
    .await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(gateway.chat("m").await.0.as_u16());
    }
    assert_eq!(statuses, [500, 500, 503, 503], "the third is not sent");
    assert_eq!(provider.received().len(), 2, "two requests reached the provider");
    let response = gateway.send(&chat("m")).await;
    let wait: u64 = response.headers()["retry-after"]
        .to_str()
        .expect("text")
        .parse()
        .expect("a number");
    assert!(
        (3590..=3600).contains(&wait),
        "the time until the next try: {wait}"
    );
    let text = response.text().await.expect("text");
    assert!(
        text.contains("provider_unavailable") && text.contains("failed repeatedly"),
        "{text}"
    );
}

#[tokio::test]
async fn request_without_another_provider_is_sent_once_by_default() {
    let provider = Provider::answering([answer(500, &[]), answer(200, &[])]).await;
    let gateway = Running::start(&providers(&[("a", "openai", provider.address)])).await;
    assert_eq!(
        gateway.chat("m").await.0.as_u16(),
        500,
        "clients of the providers retry themselves"
    );
    assert_eq!(provider.received().len(), 1, "one try");
}

#[tokio::test]
async fn each_attempt_is_a_span_below_that_of_the_call() {
    let first = Provider::answering([answer(503, &[])]).await;
    let second = Provider::answering([answer(429, &[]), answer(200, &[])]).await;
    let (collector, url) = Collector::start().await;
    let yaml = format!(
        "retries: {{ attempts: 2, backoff: 1ms }}\n{}\
         models: [{{ name: m, provider: a, fallbacks: [{{ provider: b, model: m-b }}] }}]",
        providers(&[("a", "openai", first.address), ("b", "openai", second.address)])
    );
    let mut command = program("attempts", &yaml);
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
    let mut gateway = process::Running::start(command);
    let at = gateway.line("http://").await;
    let request = client().post(format!("http://{at}/v1/chat/completions"));
    let response = request.body(chat("m")).send().await.expect("an answer");
    assert_eq!(
        response.text().await.expect("text"),
        ANSWER,
        "the second provider's second answer"
    );
    gateway.signal("TERM").await;
    let ran = gateway.end().await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let expected = include_str!("attempts_tree.txt");
    assert_eq!(
        collector.tree(VARYING),
        expected,
        "the whole tree, value by value"
    );
}
