//! A provider that speaks the APIs of OpenAI, Ollama and Bedrock, and remembers what it was sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A provider on a free port of the loopback interface.
pub(crate) struct Mock {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<Sent>>>,
}

/// A request that the provider received.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
}

impl Mock {
    pub(crate) async fn start() -> Self {
        let requests = Arc::default();
        let app = Router::new().fallback(answer).with_state(Arc::clone(&requests));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        drop(tokio::spawn(async move { axum::serve(listener, app).await }));
        Self { address, requests }
    }

    pub(crate) fn requests(&self) -> Vec<Sent> {
        self.requests.lock().expect("unpoisoned").clone()
    }

    /// The paths of the requests.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.requests().into_iter().map(|sent| sent.path).collect()
    }
}

async fn answer(
    State(requests): State<Arc<Mutex<Vec<Sent>>>>,
    uri: Uri,
    headers: HeaderMap,
    Json(request): Json<Value>,
) -> Response {
    requests.lock().expect("unpoisoned").push(Sent {
        path: uri.path().to_owned(),
        headers,
    });
    let streams = request["stream"] == true;
    let model = &request["model"];
    match uri.path() {
        "/v1/chat/completions" if streams => {
            let usage = json!({"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16});
            let chunks = [
                json!({"choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hello"}}]}),
                json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
                json!({"choices": [], "usage": usage}),
            ];
            let mut text = String::new();
            for mut chunk in chunks {
                chunk["id"] = json!("chatcmpl-1");
                chunk["object"] = json!("chat.completion.chunk");
                chunk["created"] = json!(1);
                chunk["model"] = model.clone();
                text += &format!("data: {chunk}\n\n");
            }
            (
                [(header::CONTENT_TYPE, "text/event-stream")],
                text + "data: [DONE]\n\n",
            )
                .into_response()
        }
        "/v1/chat/completions" => Json(json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model,
            "choices": [{
                "index": 0, "message": {"role": "assistant", "content": "Hello", "refusal": null},
                "finish_reason": "stop", "logprobs": null,
            }],
            "usage": {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16},
        }))
        .into_response(),
        "/v1/responses" => {
            let response = json!({
                "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": model,
                "output": [{
                    "id": "msg_1", "type": "message", "status": "completed", "role": "assistant",
                    "content": [{"type": "output_text", "text": "Hello", "annotations": []}],
                }],
                "usage": {
                    "input_tokens": 11, "input_tokens_details": {"cached_tokens": 0},
                    "output_tokens": 5, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 16,
                },
            });
            if !streams {
                return Json(response).into_response();
            }
            let delta = json!({
                "type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "content_index": 0,
                "delta": "Hello",
            });
            let completed = json!({"type": "response.completed", "response": response});
            let mut text = String::new();
            for event in [delta, completed] {
                text += &format!(
                    "event: {}\ndata: {event}\n\n",
                    event["type"].as_str().expect("a type")
                );
            }
            ([(header::CONTENT_TYPE, "text/event-stream")], text).into_response()
        }
        "/api/chat" => {
            let message = json!({"role": "assistant", "content": "Hello"});
            let part = json!({"model": model, "created_at": "t", "message": message, "done": false});
            let end = json!({
                "model": model, "created_at": "t", "message": {"role": "assistant", "content": ""},
                "done": true, "done_reason": "stop", "total_duration": 1, "load_duration": 1,
                "prompt_eval_count": 26, "prompt_eval_duration": 1, "eval_count": 3, "eval_duration": 1,
            });
            let text = if streams {
                format!("{part}\n{end}\n")
            } else {
                end.to_string()
            };
            ([(header::CONTENT_TYPE, "application/x-ndjson")], text).into_response()
        }
        "/model/throttled-once/converse" if requests.lock().expect("unpoisoned").len() == 1 => {
            let error = [("x-amzn-errortype", "ThrottlingException")];
            let body = Json(json!({"message": "slow down"}));
            (StatusCode::TOO_MANY_REQUESTS, error, body).into_response()
        }
        path if path.ends_with("/converse") => Json(json!({
            "output": {"message": {"role": "assistant", "content": [{"text": "Hello"}]}},
            "stopReason": "end_turn", "metrics": {"latencyMs": 1},
            "usage": {"inputTokens": 21, "outputTokens": 6, "totalTokens": 27},
        }))
        .into_response(),
        _ => (StatusCode::NOT_FOUND, Body::empty()).into_response(),
    }
}
