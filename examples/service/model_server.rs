//! The built-in model: a script with OpenAI's API. It has no telemetry.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, Sse};
use axum::routing::post;
use axum::{Json, Router};
use futures_util::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use tokio::time::sleep;

/// The time between two words.
const WORD_INTERVAL: Duration = Duration::from_millis(30);

const WORDS: [&str; 6] = ["This ", "answer ", "arrives ", "word ", "by ", "word."];

pub(crate) fn app() -> Router {
    Router::new().route("/v1/chat/completions", post(answer))
}

/// Streams the words, then the usage.
async fn answer(Json(request): Json<Value>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let model = request.get("model").cloned().unwrap_or_default();
    let chunk = move |choices: Value, usage: Value| {
        let chunk = json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "model": model,
            "choices": choices, "usage": usage,
        });
        Ok(Event::default().data(chunk.to_string()))
    };
    let words = WORDS.map(|word| json!([{ "index": 0, "delta": { "content": word } }]));
    let end = json!([{ "index": 0, "delta": {}, "finish_reason": "stop" }]);
    let usage = json!({ "prompt_tokens": 9, "completion_tokens": 8, "total_tokens": 17 });
    let chunks = words
        .into_iter()
        .chain([end])
        .map(|choices| (choices, Value::Null));
    let chunks: Vec<_> = chunks
        .chain([(json!([]), usage)])
        .map(|(choices, usage)| chunk(choices, usage))
        .collect();
    let done = Ok(Event::default().data("[DONE]"));
    let events = stream::iter(chunks).then(async |event| {
        sleep(WORD_INTERVAL).await;
        event
    });
    Sse::new(events.chain(stream::iter([done])))
}
