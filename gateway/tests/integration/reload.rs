//! Reloading the configuration.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_util::future::join_all;
use http::StatusCode;
use throughline_test_support::process;

use crate::support::{ANSWER, Provider, Running, chat, client, config, program, providers, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reload_under_load_loses_no_request() {
    let (one, two) = (Provider::start().await, Provider::start().await);
    let yaml = |address| {
        format!(
            "{}models: [{{ name: m, provider: a }}]",
            providers(&[("a", "openai", address)])
        )
    };
    let gateway = Arc::new(Running::start(&yaml(one.address)).await);
    let (stopping, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (gateway, stopping, answered) = (gateway.clone(), stopping.clone(), answered.clone());
            tokio::spawn(async move {
                while !stopping.load(Ordering::Relaxed) {
                    let (status, text) = gateway.chat("m").await;
                    assert_eq!((status, &*text), (StatusCode::OK, ANSWER), "no request is lost");
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for round in 0..50 {
        let address = if round % 2 == 0 { two.address } else { one.address };
        let before = answered.load(Ordering::Relaxed);
        gateway
            .gateway
            .reload(&config(&yaml(address), ""))
            .expect("a configuration");
        until("requests go on", async || {
            answered.load(Ordering::Relaxed) > before
        })
        .await;
    }
    stopping.store(true, Ordering::Relaxed);
    for client in join_all(clients).await {
        client.expect("no assertion failed");
    }
    let received = one.received().len() + two.received().len();
    assert_eq!(
        received as u64,
        answered.load(Ordering::Relaxed),
        "each was sent once"
    );
    assert!(
        !one.received().is_empty() && !two.received().is_empty(),
        "both configurations were in force"
    );
}

#[tokio::test]
async fn configuration_that_cannot_be_used_leaves_the_previous_one() {
    let provider = Provider::start().await;
    let yaml = providers(&[("a", "openai", provider.address)]);
    let gateway = Running::start(&yaml).await;
    let other = "providers: [{ name: a, api: openai, base_url: 'http://h', key: $THROUGHLINE_TEST_UNSET }]";
    let error = gateway.gateway.reload(&config(other, "")).expect_err("no key");
    assert_eq!(
        error.to_string(),
        "line 2: providers[0].key: the environment variable THROUGHLINE_TEST_UNSET is not set or not valid UTF-8",
        "the error names the place"
    );
    assert_eq!(
        gateway.send(&chat("m")).await.status(),
        StatusCode::OK,
        "requests go on"
    );
}

/// Changes that a reload does not apply used to be ignored without a warning.
#[cfg(unix)]
#[tokio::test]
async fn reload_warns_of_sections_that_need_a_restart() {
    let provider = Provider::start().await;
    let yaml = providers(&[("a", "openai", provider.address)]);
    let mut gateway = process::Running::start(program("reload-warns", &yaml));
    let at = gateway.line("http://").await;
    // It writes the file again.
    program(
        "reload-warns",
        &format!("access_log: stdout\n{yaml}models: [{{ name: n, provider: a }}]"),
    );
    gateway.signal("HUP").await;
    let url = format!("http://{at}/v1/chat/completions");
    until("the new configuration is in force", async || {
        let response = client()
            .post(&url)
            .body(chat("m"))
            .send()
            .await
            .expect("an answer");
        response.status() == StatusCode::NOT_FOUND
    })
    .await;
    gateway.signal("TERM").await;
    let ran = gateway.end().await;
    let mut lines = ran.err.lines();
    assert_eq!(
        lines.next(),
        Some("warning: access_log: a reload does not change this section; restart the gateway to apply it"),
        "{}",
        ran.err
    );
    let last = lines.next().unwrap_or_default();
    assert!(
        last.starts_with("reloaded ") && last.ends_with("reload-warns.yaml"),
        "the rest is in force: {}",
        ran.err
    );
    assert_eq!(lines.next(), None, "no other warning");
}
