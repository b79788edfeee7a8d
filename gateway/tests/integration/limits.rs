//! Limits of size, number and time.

use std::time::Duration;

use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::support::{Provider, Running, chat, client, providers, until};

const DEADLINE: Duration = Duration::from_secs(30);

async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    let ended = timeout(DEADLINE, stream.read_to_end(&mut read)).await;
    assert!(
        ended.is_ok(),
        "the connection is closed: {}",
        String::from_utf8_lossy(&read)
    );
    String::from_utf8_lossy(&read).into_owned()
}

#[tokio::test]
async fn body_beyond_the_limit_is_refused() {
    let provider = Provider::start().await;
    let yaml = providers(&[("a", "openai", provider.address)]);
    let gateway = Running::with_listener(&yaml, "max_body_bytes: 100").await;
    let long = "x".repeat(101);
    let response = gateway.send(&long).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE, "by its length");
    let text = response.text().await.expect("text");
    let expected = r#"{"error":{"code":"request_too_large","message":"the body is longer than 100 bytes, which this gateway allows","param":null,"type":"invalid_request_error"}}"#;
    assert_eq!(text, expected, "in the format of OpenAI");
    assert!(provider.received().is_empty(), "nothing was sent");
    assert_eq!(
        gateway.send(&"x".repeat(100)).await.status(),
        StatusCode::OK,
        "as long as the limit"
    );

    // Without a length, it is counted as it arrives.
    let mut stream = TcpStream::connect(gateway.address).await.expect("a connection");
    let head =
        "POST /v1/files HTTP/1.1\r\nhost: g\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("written");
    stream
        .write_all(format!("65\r\n{long}\r\n0\r\n\r\n").as_bytes())
        .await
        .expect("written");
    let read = read_to_end(&mut stream).await;
    assert!(read.starts_with("HTTP/1.1 413 "), "counted: {read}");
    assert!(read.ends_with(expected), "the limit is named: {read}");
}

#[tokio::test]
async fn slow_clients_are_closed() {
    let provider = Provider::start().await;
    let yaml = providers(&[("a", "openai", provider.address)]);
    let gateway = Running::with_listener(&yaml, "timeouts: { header: 200ms, body: 200ms }").await;
    for (sent, expected) in [
        ("POST /v1/chat/comple", ""),
        (
            "POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\ncontent-length: 100\r\n\r\n{\"mod",
            "HTTP/1.1 408 ",
        ),
    ] {
        let mut stream = TcpStream::connect(gateway.address).await.expect("a connection");
        stream.write_all(sent.as_bytes()).await.expect("written");
        let read = read_to_end(&mut stream).await;
        assert!(read.starts_with(expected), "{sent:?}: {read}");
        assert!(
            !expected.is_empty() || read.is_empty() || read.starts_with("HTTP/1.1 408"),
            "{sent:?}: {read}"
        );
    }
}

#[tokio::test]
async fn client_that_does_not_read_is_closed() {
    let provider = Provider::answering([(200, Vec::new(), "x".repeat(64 * 1024 * 1024))]).await;
    let yaml = providers(&[("a", "openai", provider.address)]);
    let gateway = Running::with_listener(&yaml, "timeouts: { write: 300ms }").await;
    let mut stream = TcpStream::connect(gateway.address).await.expect("a connection");
    stream
        .write_all(b"GET /v1/files/x/content HTTP/1.1\r\nhost: g\r\n\r\n")
        .await
        .expect("written");
    // The rest of the answer never comes, whenever it is read.
    until("the gateway closes the connection", async || {
        let one = stream.write_all(b"x").await;
        one.is_err()
    })
    .await;
}

#[tokio::test]
async fn provider_that_does_not_answer_is_a_timeout() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = silent.local_addr().expect("an address");
    let yaml = providers(&[("a", "openai", address), ("b", "anthropic", address)]);
    let gateway = Running::with_listener(&yaml, "timeouts: { first_byte: 200ms }").await;
    let (status, text) = gateway.chat("m").await;
    assert_eq!(status, StatusCode::GATEWAY_TIMEOUT, "{text}");
    assert!(text.contains(r#""code":"provider_timeout""#), "{text}");
    let response = client()
        .post(gateway.url("/v1/messages"))
        .body(chat("m"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        response.status(),
        StatusCode::GATEWAY_TIMEOUT,
        "for Anthropic too"
    );
    let text = response.text().await.expect("text");
    assert!(text.contains(r#""type":"timeout_error""#), "{text}");
}

#[tokio::test]
async fn stream_that_stalls_is_cut() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let yaml = providers(&[("a", "openai", address)]);
    let gateway = Running::with_listener(&yaml, "timeouts: { idle: 200ms }").await;
    let sent = tokio::spawn(client().get(gateway.url("/v1/models")).send());
    let (mut provider, _) = listener.accept().await.expect("a connection");
    provider
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
        .await
        .expect("written");
    let response = sent.await.expect("no panic").expect("the head");
    let body = timeout(DEADLINE, response.bytes()).await.expect("in time");
    assert!(body.is_err(), "the answer is cut, not ended: {body:?}");
}

#[tokio::test]
async fn requests_beyond_the_limit_get_retry_after() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let yaml = providers(&[("a", "openai", address)]);
    let gateway = Running::with_listener(&yaml, "max_requests: 1").await;
    let first = tokio::spawn(client().get(gateway.url("/v1/models")).send());
    let (mut provider, _) = listener.accept().await.expect("a connection");
    let second = client()
        .get(gateway.url("/v1/models"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(second.status(), StatusCode::SERVICE_UNAVAILABLE, "one at a time");
    assert_eq!(second.headers()["retry-after"], "1", "soon");
    assert_eq!(
        second.headers()["x-should-retry"],
        "true",
        "another try is worth it"
    );
    let healthy = client()
        .get(gateway.url("/healthz"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(healthy.status(), StatusCode::OK, "probes are not counted");
    provider
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        .await
        .expect("written");
    assert_eq!(
        first.await.expect("no panic").expect("an answer").status(),
        StatusCode::OK,
        "the first"
    );
}

#[tokio::test]
async fn request_that_no_provider_may_get_is_refused() {
    let provider = Provider::start().await;
    let gateway = Running::start(&providers(&[("a", "openai", provider.address)])).await;
    for (request, status) in [
        (
            "CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n",
            "405",
        ),
        (
            "TRACE /v1/models HTTP/1.1\r\nhost: g\r\nconnection: close\r\n\r\n",
            "405",
        ),
        (
            "GET /v1/../admin HTTP/1.1\r\nhost: g\r\nconnection: close\r\n\r\n",
            "400",
        ),
        (
            "GET /v1/%2e%2E/admin HTTP/1.1\r\nhost: g\r\nconnection: close\r\n\r\n",
            "400",
        ),
        // It used to be sent on as a plain request.
        (
            "GET /v1/realtime?model=m HTTP/1.1\r\nhost: g\r\nconnection: close, upgrade\r\nupgrade: WebSocket\r\nsec-websocket-key: AA==\r\n\r\n",
            "400",
        ),
    ] {
        let mut stream = TcpStream::connect(gateway.address).await.expect("a connection");
        stream.write_all(request.as_bytes()).await.expect("written");
        let read = read_to_end(&mut stream).await;
        assert!(
            read.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request:?}: {read}"
        );
    }
    assert!(provider.received().is_empty(), "nothing was sent");
    let mut stream = TcpStream::connect(gateway.address).await.expect("a connection");
    let absolute =
        "GET http://169.254.169.254/v1/models HTTP/1.1\r\nhost: 169.254.169.254\r\nconnection: close\r\n\r\n";
    stream.write_all(absolute.as_bytes()).await.expect("written");
    read_to_end(&mut stream).await;
    let received = provider.only();
    assert_eq!(
        received.header("host"),
        Some(&*provider.address.to_string()),
        "only configured hosts get requests"
    );
}

/// The timeout used to be that of the first listener, and did not include the TLS handshake.
#[tokio::test]
async fn connect_timeout_is_that_of_the_provider() {
    // The system accepts connections, and nothing answers the handshake.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = silent.local_addr().expect("an address");
    let gateway = Running::start(&format!(
        "providers:\n\
         - {{ name: patient, api: openai, base_url: 'https://{address}', connect_timeout: 1h }}\n\
         - {{ name: hasty, api: openai, base_url: 'https://{address}', connect_timeout: 50ms }}\n\
         models: [{{ name: patient, provider: patient }}, {{ name: hasty, provider: hasty }}]"
    ))
    .await;
    let gateway = std::sync::Arc::new(gateway);
    let patient = tokio::spawn({
        let gateway = gateway.clone();
        async move { gateway.chat("patient").await }
    });
    let (_first, _) = silent.accept().await.expect("a connection");
    let (status, text) = timeout(DEADLINE, gateway.chat("hasty")).await.expect("in time");
    assert_eq!(status, StatusCode::BAD_GATEWAY, "no connection: {text}");
    let reason = "the provider cannot be reached: it took longer than connect_timeout";
    assert!(text.contains(reason), "the reason: {text}");
    assert!(!patient.is_finished(), "the other provider has an hour");
    patient.abort();
}
