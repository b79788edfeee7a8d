//! Model calls over a WebSocket: OpenAI's Realtime API, the WebSocket mode of its Responses API, and Gemini's
//! Live API.
//!
//! An [`LlmWebSocket`] observes one connection, and each response on it is a call with a span, metrics and
//! tokens, as over HTTP. All messages and errors pass unchanged and without delay.
//!
//! ```
//! use futures_util::{SinkExt, StreamExt};
//! use throughline_llm_layer::{LlmLayer, LlmWebSocket};
//! use tokio_tungstenite::tungstenite::client::IntoClientRequest;
//! use tokio_tungstenite::{connect_async, tungstenite};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let mut request = "wss://api.openai.com/v1/realtime?model=gpt-realtime".into_client_request()?;
//! request.headers_mut().insert("authorization", "Bearer …".parse()?);
//! let observer = LlmWebSocket::new(&LlmLayer::new(), request.uri());
//!
//! let (socket, _) = connect_async(request).await?;
//! let mut socket = observer.client(socket);
//! socket.send(tungstenite::Message::text(r#"{"type":"response.create"}"#)).await?;
//! while let Some(message) = socket.next().await {
//!     if message?.to_text()?.contains("response.done") {
//!         break;
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A gateway observes one of its two connections, for example the one to its client:
//!
//! ```
//! use axum::extract::State;
//! use axum::extract::ws::{WebSocket, WebSocketUpgrade};
//! use axum::response::Response;
//! use http::Uri;
//! use throughline_llm_layer::websocket::ObservedWebSocket;
//! use throughline_llm_layer::{LlmLayer, LlmWebSocket};
//!
//! async fn realtime(State(layer): State<LlmLayer>, upgrade: WebSocketUpgrade) -> Response {
//!     let url = Uri::from_static("wss://api.openai.com/v1/realtime?model=gpt-realtime");
//!     let observer = LlmWebSocket::new(&layer, &url); // here, the span of the upgrade is current
//!     upgrade.on_upgrade(move |socket| forward(observer.server(socket), url))
//! }
//!
//! async fn forward(client: ObservedWebSocket<WebSocket>, provider: Uri) {
//!     // Connect to the provider and pass the messages of both sides on.
//!     # let _ = (client, provider);
//! }
//! ```
//!
//! For another library, or another version of tungstenite, implement [`WebSocketMessage`] for a type of your
//! own, or call [`LlmWebSocket::read_client`] and [`LlmWebSocket::read_server`] for each text message.
//!
//! # What is a call
//!
//! | call | span | begins | ends |
//! |---|---|---|---|
//! | a response | `chat {model}` | with the client's `response.create`; if the server starts it by itself, as after the user's speech, with `response.created` | with the response's last event, or the error in place of it |
//! | a turn of Gemini | `generate_content {model}` | with the end of the client's turn or a tool's result; if the server finds the end of the user's speech by itself, with the first output | with the usage after the turn's end or tool call; without usage, when the next turn begins |
//! | a transcription of the user's audio | `transcription {model}` | with its first event | with its last event |
//!
//! A connection may carry several at a time. See [`wire::websocket`](crate::wire::websocket) for the paths,
//! for how messages are assigned to calls, and for the bounds.
//!
//! Spans and metrics are [those of HTTP](crate#what-is-recorded). In addition:
//!
//! - The model is that of the request; in the Realtime API, that of the session, which the URL,
//!   `session.update` or the server sets. A response inherits the session's temperature, limit and
//!   modalities.
//! - `gen_ai.response.model` of a Realtime response is the model that the server names in `session.created` or
//!   `session.updated`, so that calls of a deployment have a price.
//! - `gen_ai.usage.*` and the metrics of tokens are by modality: text, audio, image, cached tokens too.
//! - If a response without usage has audio, its output tokens are not known. The input of a Realtime response
//!   is the whole conversation, so it is not estimated either, and only the output is captured.
//! - A response that the user interrupts has the finish reason `cancelled` and is no error.
//!
//! # How calls end that are not complete
//!
//! | what happens | `error.type` |
//! |---|---|
//! | The caller closes the connection or drops the [`ObservedWebSocket`]. | `cancelled` |
//! | The provider closes the connection while it answers. | `incomplete_stream` |
//! | The provider closes the connection before it answers. | `connection_aborted` |
//! | The connection fails. | the class of the error |
//! | The message that requests the response cannot be sent. | the class of the error |
//!
//! The tokens are those that were seen up to then.
//!
//! # Budgets
//!
//! The usage is entered in the ledgers of the scopes around the connection, and counts for their
//! [budgets](throughline_agents::budget). But nothing is refused on a connection: check
//! [`ScopeHandle::is_exhausted`](throughline_agents::scope::ScopeHandle::is_exhausted) before you request a
//! response.

mod message;
mod observer;
mod socket;

pub use self::message::WebSocketMessage;
pub use self::observer::LlmWebSocket;
pub use self::socket::ObservedWebSocket;
