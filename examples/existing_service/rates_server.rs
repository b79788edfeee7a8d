//! The rates, as if another team ran them: it knows no tracing.

use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

pub(crate) fn app() -> Router {
    Router::new().route("/rates/usd", get(async || Json(json!({ "rate": 1.5 }))))
}
