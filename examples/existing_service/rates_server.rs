//! The rates service. It stands for a service of another team and has no tracing.

use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

pub(crate) fn app() -> Router {
    Router::new().route("/rates/usd", get(async || Json(json!({ "rate": 1.5 }))))
}
