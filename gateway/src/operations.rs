//! The paths for those who operate the gateway: `/healthz`, `/readyz` and `/metrics`.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Response, StatusCode};

use crate::running::Running;

/// The text of the metrics, in Prometheus' format.
pub(crate) type MetricsPage = std::sync::Arc<dyn Fn() -> String + Send + Sync>;

/// Returns the answer to a request for such a path, or `None` for all others.
pub(crate) fn answer(
    method: &Method,
    path: &str,
    running: &Running,
    metrics: Option<&MetricsPage>,
) -> Option<Response<Bytes>> {
    let is_read = *method == Method::GET || *method == Method::HEAD;
    let response = match path {
        "/healthz" | "/readyz" | "/metrics" if !is_read => {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "expected GET or HEAD\n");
            response
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            response
        }
        // The process serves requests. It does so until it exits.
        "/healthz" => text(StatusCode::OK, "ok\n"),
        "/readyz" => match running.is_stopping() {
            false => text(StatusCode::OK, "ready\n"),
            true => text(StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
        },
        "/metrics" => {
            let page = metrics?;
            let mut response = text(StatusCode::OK, page());
            let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
            response.headers_mut().insert(CONTENT_TYPE, kind);
            response
        }
        _ => return None,
    };
    Some(response)
}

fn text(status: StatusCode, text: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
