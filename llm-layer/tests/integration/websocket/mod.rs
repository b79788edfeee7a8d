//! Model calls over WebSockets: an axum server and a tungstenite client over a socket, both observed.

mod bounds;
mod endings;
mod live;
mod realtime;
mod responses;
mod sessions;

use axum::Router;
use axum::extract::ws::{self, WebSocket, WebSocketUpgrade};
use axum::routing::any;
use futures_util::{SinkExt, StreamExt};
use http::Uri;
use throughline_llm_layer::websocket::ObservedWebSocket;
use throughline_llm_layer::{LlmLayer, LlmWebSocket};
use throughline_test_support::Recorder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::support::{MASKED, layer, recorded};

const REALTIME: &str = "wss://api.openai.com/v1/realtime?model=gpt-realtime";
const RESPONSES: &str = "wss://api.openai.com/v1/responses";

/// A message of either library.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Message {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close,
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<tungstenite::Message> for Message {
    fn from(message: tungstenite::Message) -> Self {
        match message {
            tungstenite::Message::Text(text) => Self::Text(text.to_string()),
            tungstenite::Message::Binary(bytes) => Self::Binary(bytes.to_vec()),
            tungstenite::Message::Ping(bytes) => Self::Ping(bytes.to_vec()),
            tungstenite::Message::Pong(bytes) => Self::Pong(bytes.to_vec()),
            tungstenite::Message::Close(_) => Self::Close,
            tungstenite::Message::Frame(_) => panic!("a raw frame is never received"),
        }
    }
}

impl From<Message> for tungstenite::Message {
    fn from(message: Message) -> Self {
        match message {
            Message::Text(text) => Self::Text(text.into()),
            Message::Binary(bytes) => Self::Binary(bytes.into()),
            Message::Ping(bytes) => Self::Ping(bytes.into()),
            Message::Pong(bytes) => Self::Pong(bytes.into()),
            Message::Close => Self::Close(None),
        }
    }
}

impl From<ws::Message> for Message {
    fn from(message: ws::Message) -> Self {
        match message {
            ws::Message::Text(text) => Self::Text(text.to_string()),
            ws::Message::Binary(bytes) => Self::Binary(bytes.to_vec()),
            ws::Message::Ping(bytes) => Self::Ping(bytes.to_vec()),
            ws::Message::Pong(bytes) => Self::Pong(bytes.to_vec()),
            ws::Message::Close(_) => Self::Close,
        }
    }
}

impl From<Message> for ws::Message {
    fn from(message: Message) -> Self {
        match message {
            Message::Text(text) => Self::Text(text.into()),
            Message::Binary(bytes) => Self::Binary(bytes.into()),
            Message::Ping(bytes) => Self::Ping(bytes.into()),
            Message::Pong(bytes) => Self::Pong(bytes.into()),
            Message::Close => Self::Close(None),
        }
    }
}

/// Both ends of a connection, and what each records.
struct Connection {
    client: ObservedWebSocket<WebSocketStream<TcpStream>>,
    server: ObservedWebSocket<WebSocket>,
    of_client: Recorder,
    of_server: Recorder,
}

impl Connection {
    async fn open(url: &'static str) -> Self {
        Self::open_with(url, |layer| layer).await
    }

    async fn open_with(url: &'static str, configure: impl Fn(LlmLayer) -> LlmLayer) -> Self {
        let (sender, mut sockets) = mpsc::channel(1);
        let accept = move |upgrade: WebSocketUpgrade| {
            let sender = sender.clone();
            async move { upgrade.on_upgrade(async move |socket| sender.send(socket).await.expect("a test")) }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async { axum::serve(listener, Router::new().route("/", any(accept))).await });
        let stream = TcpStream::connect(address).await.expect("a connection");
        let (client, _) = client_async("ws://127.0.0.1/", stream).await.expect("an upgrade");
        let server: WebSocket = sockets.recv().await.expect("the other end");
        let (of_client, of_server) = (Recorder::new(), Recorder::new());
        let url = Uri::from_static(url);
        let observer = |recorder| LlmWebSocket::new(&configure(layer(recorder)), &url);
        Self {
            client: observer(&of_client).client(client),
            server: observer(&of_server).server(server),
            of_client,
            of_server,
        }
    }

    /// Sends a message of the client, which arrives as it is.
    async fn client(&mut self, message: impl Into<Message>) {
        let message = message.into();
        let sent = self.client.send(message.clone().into());
        let (sent, received) = tokio::join!(sent, self.server.next());
        sent.expect("it is sent");
        let received: Message = received.expect("a message").expect("no error").into();
        assert_eq!(received, message, "what the server gets");
    }

    /// Sends a message of the server, which arrives as it is.
    async fn server(&mut self, message: impl Into<Message>) {
        let message = message.into();
        let sent = self.server.send(message.clone().into());
        let (sent, received) = tokio::join!(sent, self.client.next());
        sent.expect("it is sent");
        let received: Message = received.expect("a message").expect("no error").into();
        assert_eq!(received, message, "what the client gets");
    }

    async fn server_all(&mut self, messages: &[&str]) {
        for message in messages {
            self.server(*message).await;
        }
    }

    /// Checks that both ends recorded this.
    fn assert_tree(&self, expected: &str) {
        recorded();
        assert_eq!(self.of_client.tree(MASKED), expected, "the spans of the client");
        assert_eq!(self.of_server.tree(MASKED), expected, "the spans of the server");
    }
}
