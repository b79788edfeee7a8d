//! Answers of the JSON API.

use axum::body::Body;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::json;

/// Answers with JSON.
pub(crate) fn json(value: &impl Serialize) -> Response<Body> {
    match serde_json::to_vec(value) {
        Ok(json) => content("application/json", json),
        Err(problem) => error(
            StatusCode::INTERNAL_SERVER_ERROR,
            &format!("the answer cannot be written: {problem}"),
        ),
    }
}

/// Answers with content of a type.
pub(crate) fn content(media_type: &'static str, bytes: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(bytes.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Answers with an error.
pub(crate) fn error(status: StatusCode, message: &str) -> Response<Body> {
    let mut response = content("application/json", json!({ "error": message }).to_string());
    *response.status_mut() = status;
    response
}
