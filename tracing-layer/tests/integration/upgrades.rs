//! Connections that a client of ours upgrades.

use axum::Router;
use axum::body::Body;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::Request;
use axum::routing::any;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use throughline_test_support::Recorder;
use throughline_tracing_layer::EndAt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tower::{Layer, ServiceExt};

use crate::{client, outline, serve};

async fn echo(upgrade: WebSocketUpgrade) -> axum::response::Response {
    upgrade.on_upgrade(|mut socket: WebSocket| async move {
        while let Some(Ok(Message::Text(text))) = socket.recv().await {
            let _ = socket.send(Message::Text(text)).await;
        }
    })
}

fn handshake(url: String) -> Request<Body> {
    let request = Request::get(url)
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    request.body(Body::empty()).expect("a request")
}

async fn echoes(mut socket: impl AsyncRead + AsyncWrite + Unpin) {
    // A text frame of two bytes, masked with zeros, and its echo.
    let frame = [0x81, 0x82, 0, 0, 0, 0, b'h', b'i'];
    socket.write_all(&frame).await.expect("sent");
    let mut echo = [0; 4];
    socket.read_exact(&mut echo).await.expect("an echo");
    assert_eq!(echo, [0x81, 0x02, b'h', b'i'], "the connection is untouched");
}

#[tokio::test]
async fn an_upgrade_ends_the_span_and_leaves_the_connection() {
    let address = serve(Router::new().route("/ws", any(echo))).await;
    let url = || format!("http://{address}/ws");
    for end_at in [EndAt::Headers, EndAt::Body] {
        let recorder = Recorder::new();
        let layer = client(&recorder).with_end_at(end_at);

        let request = handshake(url()).map(|_| reqwest::Body::default());
        let request = reqwest::Request::try_from(request).expect("a request");
        let service = layer.layer(reqwest::Client::new());
        let response = service.oneshot(request).await.expect("a response");
        let upgraded = response.upgrade().await.expect("upgraded");
        assert_eq!(recorder.spans().len(), 1, "{end_at:?}: reqwest's span has ended");
        echoes(upgraded).await;

        let hyper = Client::builder(TokioExecutor::new()).build_http::<Body>();
        let response = layer.layer(hyper).oneshot(handshake(url())).await;
        let mut response = response.expect("a response");
        assert_eq!(recorder.spans().len(), 2, "{end_at:?}: hyper's span has ended");
        let upgraded = hyper::upgrade::on(&mut response).await.expect("upgraded");
        echoes(TokioIo::new(upgraded)).await;

        let keys = ["error.type", "http.response.status_code"];
        let one = "Client GET\n  - http.response.status_code=101";
        assert_eq!(outline(&recorder, &keys), format!("{one}\n{one}"), "{end_at:?}");
    }
}
