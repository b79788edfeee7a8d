//! The routes.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRef, Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use throughline::ServerLayer;

use crate::live;
use crate::model::Model;
use crate::page::PAGE;
use crate::shutdown::Shutdown;

/// What handlers share. It is cloned for each request.
#[derive(Debug, Clone)]
pub(crate) struct AppState {
    model: Model,
    shutdown: Shutdown,
}

/// Lets a handler take the model alone: `State<Model>`.
impl FromRef<AppState> for Model {
    fn from_ref(state: &AppState) -> Self {
        state.model.clone()
    }
}

impl FromRef<AppState> for Shutdown {
    fn from_ref(state: &AppState) -> Self {
        state.shutdown.clone()
    }
}

pub(crate) fn app(model: Model, shutdown: Shutdown) -> Router {
    let chat = Router::new()
        .route("/events", get(events))
        .route("/live", any(live::upgrade));
    let api = Router::new().nest("/chat", chat).route("/me", get(me));
    // A span has the joined pattern as its `http.route`, such as `/api/chat/events`.
    Router::new()
        .route("/", get(async || Html(PAGE)))
        .route("/health", get(async || "ok"))
        .nest("/api", api)
        // The last layer is the outermost one. One layer on the outer router is enough: the nested ones need
        // none.
        .layer(ServerLayer::new().with_filter(|head| head.uri().path() != "/health"))
        .with_state(AppState { model, shutdown })
}

#[derive(Debug, Deserialize)]
struct Question {
    question: String,
}

/// Streams the answer to a question as server-sent events, for a browser's `EventSource`.
///
/// The server's span lasts until the stream has ended, and the model call's span beneath it too. If the
/// browser leaves, both end at that time.
async fn events(State(model): State<Model>, Query(Question { question }): Query<Question>) -> Response {
    let answer = match model.stream_answer(&question).await {
        Ok(answer) => answer,
        Err(error) => return (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    };
    let events = stream::unfold(Some(answer), async |answer| {
        let mut answer = answer?;
        Some(match answer.next_text().await {
            Some(Ok(text)) => (Event::default().data(text), Some(answer)),
            Some(Err(error)) => (Event::default().event("failed").data(error.to_string()), None),
            // `EventSource` connects again at the end of a stream, unless an event says that there is no more.
            None => (Event::default().event("done").data(""), None),
        })
    });
    let events = futures_util::StreamExt::map(events, Ok::<_, Infallible>);
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

/// Returns the caller's address.
async fn me(ConnectInfo(address): ConnectInfo<SocketAddr>) -> Json<Value> {
    Json(json!({ "address": address.ip() }))
}
