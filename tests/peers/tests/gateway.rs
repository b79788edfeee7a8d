//! Several gateways share one budget in a real Redis, to the token.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use futures_util::future::join_all;
use reqwest::Client;
use throughline_test_support::process::{Running, program};
use throughline_test_support::{TEST_TIMEOUT, poll_until, serve};
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
    assert_eq!(
        counters(address).await,
        ("500".into(), "0".into()),
        "all is settled"
    );
}

/// Returns what is spent and what is reserved of the budget of tokens.
async fn counters(redis: SocketAddr) -> (String, String) {
    let mut command = Command::new("redis-cli");
    let key = "{throughline}:shared:tokens:all";
    command.args(["-p", &redis.port().to_string(), "HMGET", key, "spent", "reserved"]);
    let printed = command.output().await.expect("redis-cli").stdout;
    let printed = String::from_utf8_lossy(&printed).into_owned();
    let (spent, reserved) = printed.trim().split_once('\n').unwrap_or_default();
    (spent.to_owned(), reserved.to_owned())
}

/// Requests during an outage used to stay uncounted, and nothing was printed.
#[tokio::test]
async fn requests_during_an_outage_are_counted_and_charged_when_it_ends() {
    let provider = serve(Router::new().fallback(post(|| async {
        ([("content-type", "application/json")], ANSWER)
    })))
    .await;
    let address = free_address();
    let server = redis(address).await;
    let client = Client::new();
    let (running, gateway) = gateway("charged", provider, address, "tokens: 40", "allow").await;
    assert_eq!(send_request(&client, &gateway).await, 200, "in Redis");
    poll_until("the first is settled", TEST_TIMEOUT, async || {
        (counters(address).await == ("10".into(), "0".into())).then_some(())
    })
    .await;
    server.stop().await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(send_request(&client, &gateway).await);
    }
    assert_eq!(
        statuses,
        [200, 200, 200, 200, 429, 429],
        "40 tokens are counted in the gateway"
    );
    // It has lost its data, so only what the gateway charges is there.
    let _server = redis(address).await;
    poll_until("all is charged", TEST_TIMEOUT, async || {
        (counters(address).await == ("40".into(), "0".into())).then_some(())
    })
    .await;
    assert_eq!(
        send_request(&client, &gateway).await,
        429,
        "used up, by the counters in Redis"
    );
    running.signal("TERM").await;
    let ended = running.end().await;
    let expected = "warning: store.redis: Redis does not work: ";
    let lines: Vec<_> = ended.err.lines().collect();
    let [warning, end] = *lines else {
        panic!("two lines: {lines:?}");
    };
    assert!(
        warning.starts_with(expected)
            && warning.ends_with("counts its own requests only, and charges them later"),
        "{warning}"
    );
    assert!(end.starts_with("store.redis: Redis works again, after "), "{end}");
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
