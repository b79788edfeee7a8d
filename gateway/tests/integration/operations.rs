//! Probes, metrics, stopping.

use http::StatusCode;
use throughline_gateway::{Gateway, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{Running, client, config, providers, until};

#[tokio::test]
async fn probes_and_metrics_are_answered() {
    let config = config(
        "providers: [{ name: a, api: openai, base_url: 'http://127.0.0.1:1' }]",
        "",
    );
    let gateway = Gateway::new(&config).expect("a gateway");
    let server = Server::bind(&config, gateway)
        .await
        .expect("a port")
        .with_metrics_page(|| "up 1\n".to_owned());
    let address = server.addresses()[0];
    tokio::spawn(server.serve(std::future::pending()));
    for (method, path, status, text) in [
        ("GET", "/healthz", 200, "ok\n"),
        ("GET", "/readyz", 200, "ready\n"),
        ("GET", "/metrics", 200, "up 1\n"),
        ("HEAD", "/healthz", 200, ""),
        ("POST", "/healthz", 405, "expected GET or HEAD\n"),
    ] {
        let method = method.parse().expect("a method");
        let response = client()
            .request(method, format!("http://{address}{path}"))
            .send()
            .await
            .expect("an answer");
        assert_eq!(response.status().as_u16(), status, "{path}");
        assert_eq!(response.text().await.expect("text"), text, "{path}");
    }
}

#[tokio::test]
async fn metrics_are_not_served_where_they_are_off() {
    let config = config(
        "providers: [{ name: a, api: anthropic, base_url: 'http://127.0.0.1:1' }]",
        "metrics: false",
    );
    let gateway = Gateway::new(&config).expect("a gateway");
    let server = Server::bind(&config, gateway)
        .await
        .expect("a port")
        .with_metrics_page(|| "up 1\n".to_owned());
    let address = server.addresses()[0];
    tokio::spawn(server.serve(std::future::pending()));
    let response = client()
        .get(format!("http://{address}/metrics"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), StatusCode::NOT_FOUND, "like any other path");
    let text = response.text().await.expect("text");
    assert!(text.contains("no provider for the API of openai"), "{text}");
}

#[tokio::test]
async fn stop_lets_streams_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut gateway = Running::start(&providers(&[("a", "openai", address)])).await;
    let sent = tokio::spawn(client().get(gateway.url("/v1/models")).send());
    let (mut provider, _) = listener.accept().await.expect("a connection");
    let mut head = [0; 4];
    provider.read_exact(&mut head).await.expect("a request");
    provider
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabc")
        .await
        .expect("written");
    let mut response = sent.await.expect("no panic").expect("the head");
    assert_eq!(
        response.chunk().await.expect("a chunk").expect("data"),
        "abc",
        "the first part"
    );
    gateway.begin_stop();
    let url = gateway.url("/healthz");
    until("no more connections are accepted", async || {
        client().get(&url).send().await.is_err()
    })
    .await;
    provider.write_all(b"def").await.expect("written");
    assert_eq!(
        response.chunk().await.expect("a chunk").expect("data"),
        "def",
        "the rest"
    );
    assert!(gateway.stop().await, "all answers ended in time");
}
