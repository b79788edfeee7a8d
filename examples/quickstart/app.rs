//! The service: `POST /task` with `{"query": …}` answers `{"answer": …}` or `{"error": …}`.

use std::error::Error;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use throughline::ServerLayer;
use throughline::agents::scope::request;
use throughline::propagation::{self, Propagator};
use tower_http::catch_panic::CatchPanicLayer;

use crate::model::Model;
use crate::roles::planner;

/// Creates the router of the service, which uses this model.
pub(crate) fn app(model: Model) -> Router {
    Router::new()
        .route("/task", post(task))
        // Records the tokens of the request, over all its roles, on the server span.
        .layer(request().http_layer())
        // One server span per request, a child of the incoming `traceparent`. It ends with the response body.
        .layer(ServerLayer::new())
        // Outside of `ServerLayer`, so that the span records the panic. The answer is 500.
        .layer(CatchPanicLayer::new())
        .with_state(model)
}

async fn task(State(model): State<Model>, Json(task): Json<Value>) -> (StatusCode, Json<Value>) {
    let Some(query) = task
        .get("query")
        .and_then(Value::as_str)
        .filter(|query| !query.trim().is_empty())
    else {
        let expected = "expected a JSON body with the question as a string: {\"query\": \"…\"}";
        return (
            StatusCode::UNPROCESSABLE_ENTITY,
            Json(json!({ "error": expected })),
        );
    };
    match planner::work(&model, query).await {
        Ok(answer) => (StatusCode::OK, Json(json!({ "answer": answer }))),
        Err(error) => (
            StatusCode::BAD_GATEWAY,
            Json(json!({ "error": error.to_string() })),
        ),
    }
}

/// Sends a task to the service as a client. Continues the trace of `TRACEPARENT`, if it is set.
pub(crate) async fn send(url: &str, query: &str) -> Result<String, Box<dyn Error>> {
    let mut request = reqwest::Client::new()
        .post(url)
        .json(&json!({ "query": query }))
        .build()?;
    Propagator::global().inject(&propagation::env::extract(), request.headers_mut());
    let response = reqwest::Client::new().execute(request).await?;
    let (status, text) = (response.status(), response.text().await?);
    let reply: Value = serde_json::from_str(&text).unwrap_or_default();
    match (reply.get("answer"), reply.get("error")) {
        (Some(Value::String(answer)), _) => Ok(answer.clone()),
        (_, Some(Value::String(error))) => Err(error.clone().into()),
        _ => Err(format!("the service answered {status}: {text}").into()),
    }
}
