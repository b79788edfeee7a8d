//! Streams, upgrades, and HTTP/2.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::routing::{any, get, post};
use futures_util::{StreamExt, stream};
use throughline_test_support::{Recorder, TEST_TIMEOUT, poll_until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::{MASKED, active, outline, serve, server, spans};

/// A router that sends what the test sends, until the test drops its end.
fn events() -> (mpsc::UnboundedSender<&'static str>, Router) {
    let (send, receive) = mpsc::unbounded_channel();
    let receive = Arc::new(Mutex::new(Some(receive)));
    let handler = move || {
        let receive = receive.lock().expect("not poisoned").take().expect("one request");
        let events = stream::unfold(receive, |mut receive: mpsc::UnboundedReceiver<&str>| async {
            let text = receive.recv().await?;
            Some((Ok::<_, Infallible>(Event::default().data(text)), receive))
        });
        async move { Sse::new(events) }
    };
    (send, Router::new().route("/events", get(handler)))
}

#[tokio::test]
async fn server_sent_events_last_until_the_last() {
    let recorder = Recorder::new();
    let (send, router) = events();
    let address = serve(router.layer(server(&recorder))).await;
    let response = reqwest::get(format!("http://{address}/events"))
        .await
        .expect("a head");
    let mut body = response.bytes_stream();
    send.send("one").expect("the handler listens");
    let mut seen = Vec::new();
    while seen.len() < "data: one\n\n".len() {
        seen.extend(body.next().await.expect("a piece").expect("no error"));
    }
    assert_eq!(seen, b"data: one\n\n", "as it was sent");
    assert_eq!(recorder.spans().len(), 0, "the stream goes on");
    assert_eq!(
        active(&recorder),
        ["http.server.active_requests{http.request.method=GET,url.scheme=http} 1"],
        "and is active"
    );
    drop(send);
    assert!(body.next().await.is_none(), "ended");
    spans(&recorder, 1).await;
    let tree = outline(&recorder, &["error.type"]);
    assert_eq!(tree, "Server GET /events", "no error");
}

#[tokio::test]
async fn a_client_that_leaves_a_stream() {
    let recorder = Recorder::new();
    let (send, router) = events();
    let address = serve(router.layer(server(&recorder))).await;
    let mut response = reqwest::get(format!("http://{address}/events"))
        .await
        .expect("a head");
    send.send("one").expect("the handler listens");
    response.chunk().await.expect("no error").expect("a piece");
    drop(response);
    // The server notices when it writes.
    let write = async || {
        let _ = send.send("more");
        (!recorder.spans().is_empty()).then_some(())
    };
    poll_until("the server notices", TEST_TIMEOUT, write).await;
    let tree = outline(&recorder, &["error.type", "http.response.status_code"]);
    let expected = "Server GET /events\n  - http.response.status_code=200";
    assert_eq!(tree, expected, "the client has seen enough");
    assert!(
        active(&recorder).iter().all(|line| line.ends_with(" 0")),
        "no request is active"
    );
}

async fn echo(upgrade: WebSocketUpgrade) -> axum::response::Response {
    upgrade.on_upgrade(|mut socket: WebSocket| async move {
        while let Some(Ok(Message::Text(text))) = socket.recv().await {
            let _ = socket.send(Message::Text(text)).await;
        }
    })
}

#[tokio::test]
async fn a_web_socket_ends_its_span_with_the_upgrade() {
    let recorder = Recorder::new();
    let address = serve(Router::new().route("/ws", any(echo)).layer(server(&recorder))).await;
    let mut socket = TcpStream::connect(address).await.expect("connected");
    let handshake = "GET /ws HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                     sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    socket.write_all(handshake.as_bytes()).await.expect("sent");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.expect("a byte"));
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "upgraded");
    spans(&recorder, 1).await;
    let tree = outline(&recorder, &["error.type", "http.response.status_code"]);
    assert_eq!(
        tree, "Server GET /ws\n  - http.response.status_code=101",
        "ended with the upgrade"
    );
    // A text frame of two bytes, masked with zeros, and its echo.
    socket
        .write_all(&[0x81, 0x82, 0, 0, 0, 0, b'h', b'i'])
        .await
        .expect("sent");
    let mut echo = [0; 4];
    socket.read_exact(&mut echo).await.expect("an echo");
    assert_eq!(echo, [0x81, 0x02, b'h', b'i'], "the connection is untouched");
    assert!(
        active(&recorder).iter().all(|line| line.ends_with(" 0")),
        "no longer active"
    );
}

#[tokio::test]
async fn http_2_both_ways() {
    let recorder = Recorder::new();
    let router = Router::new()
        .route("/{id}", post(|body: Bytes| async { body }))
        .layer(server(&recorder));
    let address = serve(router).await;
    let client = reqwest::Client::builder()
        .http2_prior_knowledge()
        .build()
        .expect("a client");
    let pieces = stream::iter(["ab", "cde"].map(Ok::<_, Infallible>));
    let request = client
        .post(format!("http://{address}/7?a=b"))
        .body(reqwest::Body::wrap_stream(pieces));
    let response = request.send().await.expect("a response");
    assert_eq!(response.bytes().await.expect("a body"), "abcde", "as it was sent");
    spans(&recorder, 1).await;
    let expected = "Server POST /{id}
  - client.address=_
  - http.request.method=\"POST\"
  - http.response.status_code=200
  - http.route=\"/{id}\"
  - network.peer.address=_
  - network.peer.port=_
  - network.protocol.version=\"2\"
  - server.address=\"127.0.0.1\"
  - server.port=_
  - url.path=\"/7\"
  - url.query=\"a=REDACTED\"
  - url.scheme=\"http\"
";
    assert_eq!(recorder.tree(&MASKED), expected, "the span");
    let counted = recorder
        .metrics()
        .into_iter()
        .filter(|line| line.contains("request.body"))
        .count();
    assert_eq!(counted, 1, "a streamed request is measured");
}

#[tokio::test]
async fn heads_without_bodies() {
    let recorder = Recorder::new();
    let router = Router::new()
        .route("/", get(|| async { Body::from("a body that HEAD does not get") }))
        .route("/none", get(|| async { StatusCode::NO_CONTENT }))
        .layer(server(&recorder));
    let address = serve(router).await;
    let client = reqwest::Client::new();
    for request in [
        client.head(format!("http://{address}/")),
        client.get(format!("http://{address}/none")),
    ] {
        request.send().await.expect("a response");
    }
    spans(&recorder, 2).await;
    let expected = "Server HEAD /\nServer GET /none";
    assert_eq!(outline(&recorder, &["error.type"]), expected, "both are complete");
}
