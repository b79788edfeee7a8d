//! Several gateways share one budget in a real Redis, to the token.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use futures_util::future::join_all;
use reqwest::Client;
use throughline_test_support::process::{Running, program};
use throughline_test_support::serve;
use tokio::process::Command;

use crate::peer::{Peer, free_address, gateway_program, peers};

/// 7 tokens in and 3 out. The request reserves exactly as many.
const ANSWER: &str = r#"{"id":"1","model":"m","choices":[{"index":0,"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":3}}"#;
const REQUEST: &str = r#"{"model":"m","max_tokens":3}"#;

async fn redis(address: SocketAddr) -> Peer {
    let mut command = Command::new("redis-server");
    command
        .args([
            "--port",
            &address.port().to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
        ])
        .current_dir(peers());
    Peer::start("redis", command, address).await
}

/// Starts a gateway with a budget in Redis.
async fn gateway(
    name: &str,
    provider: SocketAddr,
    redis: SocketAddr,
    budget: &str,
    outage: &str,
) -> (Running, String) {
    let path = peers().join(format!("gateway-{name}-{}.yaml", redis.port()));
    let yaml = format!(
        "listeners: [{{ address: 127.0.0.1:0 }}]\n\
         providers: [{{ name: p, api: openai, base_url: 'http://{provider}' }}]\n\
         budgets: [{{ name: shared, {budget}, per: day }}]\n\
         store: {{ redis: 'redis://{redis}', timeout: 2s, on_outage: {outage} }}\n"
    );
    std::fs::write(&path, yaml).expect("a file");
    let mut command = program(gateway_program());
    command.arg("--config").arg(path);
    let mut running = Running::start(command);
    let address = running.line("http://").await;
    (running, address)
}

async fn send_request(client: &Client, address: &str) -> u16 {
    let request = client.post(format!("http://{address}/v1/chat/completions"));
    let request = request.header("content-type", "application/json").body(REQUEST);
    request.send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn gateways_share_a_budget_to_the_token() {
    let provider = serve(Router::new().fallback(post(|| async {
        ([("content-type", "application/json")], ANSWER)
    })))
    .await;
    let address = free_address();
    let _redis = redis(address).await;
    let (one, first) = gateway("one", provider, address, "tokens: 500", "refuse").await;
    let (two, second) = gateway("two", provider, address, "tokens: 500", "refuse").await;
    let client = Client::new();
    let address_of = |number: usize| [&first, &second][number % 2];
    let asked = join_all((0..200).map(|number| send_request(&client, address_of(number)))).await;
    let admitted = asked.iter().filter(|status| **status == 200).count();
    assert_eq!(
        admitted, 50,
        "500 tokens are 50 requests of 10, whichever gateway they reach"
    );
    assert_eq!(
        asked.iter().filter(|status| **status == 429).count(),
        150,
        "the others are refused"
    );
    for gateway in [one, two] {
        gateway.signal("TERM").await;
        assert_eq!(gateway.end().await.code, Some(0), "it ends by itself");
    }
    let mut command = Command::new("redis-cli");
    let key = "{throughline}:shared:tokens:all";
    command.args(["-p", &address.port().to_string(), "HGETALL", key]);
    let printed = command.output().await.expect("redis-cli").stdout;
    let printed = String::from_utf8_lossy(&printed);
    assert!(
        printed.contains("spent\n500\n") && printed.contains("reserved\n0\n"),
        "all is settled: {printed}"
    );
}

#[tokio::test]
async fn outage_of_redis_is_bounded_and_decided_by_the_configuration() {
    let provider = serve(Router::new().fallback(post(|| async {
        ([("content-type", "application/json")], ANSWER)
    })))
    .await;
    let client = Client::new();
    for (outage, expected) in [("allow", 200), ("refuse", 503)] {
        let address = free_address();
        let redis = redis(address).await;
        let (running, gateway) = gateway(outage, provider, address, "requests: 2", outage).await;
        assert_eq!(send_request(&client, &gateway).await, 200, "{outage}: counted");
        redis.stop().await;
        let answered = tokio::time::timeout(Duration::from_secs(30), send_request(&client, &gateway)).await;
        assert_eq!(answered, Ok(expected), "{outage}: without Redis");
        drop(running);
    }
}
