//! A scripted model with OpenAI's API. It selects its answers by keywords and counts words as tokens.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::time::sleep;

/// The delay per word of an answer.
const WORD_DELAY: Duration = Duration::from_millis(10);

/// Creates the model's server. The suffix of a model's name selects a failure: `-401`, `-429`, `-500`,
/// `-nonsense`, `-cut` or `-crash`.
pub(crate) fn app() -> Router {
    Router::new().route("/v1/chat/completions", post(chat))
}

async fn chat(Json(request): Json<Value>) -> Response {
    let model = request["model"].as_str().unwrap_or_default();
    let streamed = request["stream"] == json!(true);
    let words = |index: usize| request["messages"][index]["content"].as_str().unwrap_or_default();
    let fault = model.rsplit('-').next();
    let answer = answer(words(0), words(1), fault == Some("crash"));
    let usage = usage(words(0), words(1), &answer);
    match fault {
        Some("401") => error(
            StatusCode::UNAUTHORIZED,
            "invalid_api_key",
            "Incorrect API key provided.",
        ),
        Some("429") => error(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limit_exceeded",
            "Rate limit reached.",
        ),
        Some("500") => error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            "The model failed.",
        ),
        Some("nonsense") => Json(json!({ "weather": "fine" })).into_response(),
        _ if streamed => events(model, &answer, &usage, fault == Some("cut")),
        _ => {
            sleep(WORD_DELAY * answer.split_whitespace().count() as u32).await;
            whole(model, &answer, &usage)
        }
    }
}

/// Returns the answer that the roles of this example need.
fn answer(system: &str, user: &str, crash: bool) -> String {
    let user = user.to_lowercase();
    let pick = |words: &[&'static str]| words.iter().find(|word| user.contains(*word)).copied();
    let operation = match pick(&["average", "count", "max", "most"]) {
        Some("most") => "max",
        Some(operation) => operation,
        None => "sum",
    };
    let group_by = pick(&["region", "product", "month"]).unwrap_or("region");
    if system.contains("CodeGenerator") {
        let operation = if crash { "crash" } else { operation };
        json!({ "operation": operation, "group_by": group_by }).to_string()
    } else if let Some((_, result)) = user.split_once("result: ") {
        format!("By the sales table: {result}.")
    } else {
        format!("Compute the {operation} of amount by {group_by}.")
    }
}

/// Returns the usage. A word is a token, and the system message is reported as cached.
fn usage(system: &str, user: &str, answer: &str) -> Value {
    let [cached, uncached, completion] = [system, user, answer].map(|text| text.split_whitespace().count());
    json!({
        "prompt_tokens": cached + uncached,
        "prompt_tokens_details": { "cached_tokens": cached },
        "completion_tokens": completion,
        "total_tokens": cached + uncached + completion,
    })
}

fn whole(model: &str, answer: &str, usage: &Value) -> Response {
    Json(json!({
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": answer },
            "finish_reason": "stop",
        }],
        "usage": usage,
    }))
    .into_response()
}

/// Streams one event per word, then the finish reason, the usage and `[DONE]`. With `cut`, the stream breaks
/// off after the third event.
fn events(model: &str, answer: &str, usage: &Value, cut: bool) -> Response {
    let chunk = |choices: Value, usage: &Value| {
        let chunk = json!({
            "id": "chatcmpl-scripted",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": model,
            "choices": choices,
            "usage": usage,
        });
        format!("data: {chunk}\n\n")
    };
    let delta = |delta: Value, finish: Value| {
        chunk(
            json!([{ "index": 0, "delta": delta, "finish_reason": finish }]),
            &Value::Null,
        )
    };
    let mut events = vec![delta(json!({ "role": "assistant", "content": "" }), Value::Null)];
    events.extend(
        answer
            .split_inclusive(' ')
            .map(|word| delta(json!({ "content": word }), Value::Null)),
    );
    events.push(delta(json!({}), json!("stop")));
    events.push(chunk(json!([]), usage));
    events.push("data: [DONE]\n\n".to_owned());
    let mut frames: Vec<_> = events.into_iter().map(|event| Ok(Bytes::from(event))).collect();
    if cut {
        frames.truncate(3);
        frames.push(Err(io::Error::other("the script cuts the connection here")));
    }
    let frames = stream::iter(frames).then(|frame| async {
        sleep(WORD_DELAY).await;
        frame
    });
    (
        [(header::CONTENT_TYPE, "text/event-stream")],
        Body::from_stream(frames),
    )
        .into_response()
}

fn error(status: StatusCode, code: &str, message: &str) -> Response {
    (
        status,
        Json(json!({ "error": { "message": message, "type": code, "code": code } })),
    )
        .into_response()
}
