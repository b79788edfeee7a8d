//! Questions and answers over a WebSocket.
//!
//! This socket belongs to the service. For a WebSocket of a model provider, such as OpenAI's Realtime API, wrap
//! it in `throughline::llm::LlmWebSocket`, which records the calls and their tokens.

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use throughline::span::{InContextExt, in_span};
use tokio_util::sync::CancellationToken;
use tower::BoxError;

use crate::model::Model;
use crate::shutdown::Shutdown;

/// The maximum size of a question.
const MAX_QUESTION_BYTES: usize = 64 * 1024;

/// Accepts the connection.
///
/// The server's span ends with the `101`, since the connection may last for hours. Each question has a span in
/// the same trace: the upgrade runs on another task, so it needs the context.
pub(crate) async fn upgrade(
    socket: WebSocketUpgrade,
    State(model): State<Model>,
    State(shutdown): State<Shutdown>,
) -> Response {
    let context = opentelemetry::Context::current();
    // Counted from here on, since axum does not wait for the task of a WebSocket at shutdown.
    let tracked = shutdown.conversations.token();
    socket.max_message_size(MAX_QUESTION_BYTES).on_upgrade(|socket| {
        let conversation = async move {
            converse(socket, model, shutdown.signal).await;
            drop(tracked);
        };
        conversation.in_context(context)
    })
}

/// Answers each question, until the browser leaves or the service stops. An answer in progress is completed.
async fn converse(mut socket: WebSocket, model: Model, stopped: CancellationToken) {
    loop {
        let message = tokio::select! {
            message = socket.recv() => message,
            () = stopped.cancelled() => break,
        };
        let question = match message {
            Some(Ok(Message::Text(question))) => question,
            Some(Ok(_)) => continue, // axum answers pings by itself
            None | Some(Err(_)) => return,
        };
        if in_span("live question", answer(&mut socket, &model, &question))
            .await
            .is_err()
        {
            return;
        }
    }
    let _ = socket.send(Message::Close(None)).await;
}

/// Sends each piece of the answer as a message, and an empty one at its end.
async fn answer(socket: &mut WebSocket, model: &Model, question: &str) -> Result<(), BoxError> {
    match model.stream_answer(question).await {
        Ok(mut answer) => {
            while let Some(text) = answer.next_text().await {
                socket.send(Message::text(text?)).await?;
            }
        }
        Err(error) => socket.send(Message::text(error.to_string())).await?,
    }
    Ok(socket.send(Message::text("")).await?)
}
