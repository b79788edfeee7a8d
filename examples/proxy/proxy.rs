//! The proxy: one handler for every path, a traced server around it, and a traced client beneath it.

use std::error::Error;
use std::fmt::Write as _;
use std::io;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::json;
use throughline::client::Client as Traced;
use throughline::llm::{Llm, RequestBody};
use throughline::{ClientLayer, LlmLayer, ServerLayer};
use throughline_forward::{Upstream, forward_request, forward_response};
use tower::{ServiceBuilder, ServiceExt};

/// A hyper client. Its body type is the one that `LlmLayer` passes on.
type Hyper = Client<HttpsConnector<HttpConnector>, RequestBody<Body>>;

#[derive(Clone)]
struct Proxy {
    client: Llm<Traced<Hyper>>,
    upstream: Upstream,
}

/// Creates a router that forwards every path to the upstream.
pub(crate) fn app(upstream: &Upstream, llm: LlmLayer) -> io::Result<Router> {
    let connector = HttpsConnectorBuilder::new()
        .with_native_roots()?
        .https_or_http()
        .enable_http1()
        .build();
    let client = ServiceBuilder::new()
        // One span per model call, until its answer ends: tokens, timing, finish reason, errors.
        .layer(llm)
        // One span per HTTP request, and a `traceparent` that replaces the client's.
        .layer(ClientLayer::new())
        .service(Client::builder(TokioExecutor::new()).build(connector));
    let proxy = Proxy {
        client,
        upstream: upstream.clone(),
    };
    Ok(Router::new()
        .fallback(forward)
        // One server span per request, in the trace of the client's `traceparent`. It ends with the body.
        .layer(ServerLayer::new())
        .with_state(proxy))
}

/// Forwards a request and returns its answer. Neither body is buffered.
async fn forward(State(proxy): State<Proxy>, request: Request) -> Response {
    let target = match proxy.upstream.join(request.uri()) {
        Ok(target) => target,
        Err(error) => return error_response(StatusCode::BAD_REQUEST, &error),
    };
    let request = forward_request(request, target);
    match proxy.client.oneshot(request).await {
        Ok(response) => forward_response(response).map(Body::new),
        Err(error) => error_response(StatusCode::BAD_GATEWAY, &error),
    }
}

/// Creates an error answer of the proxy, in the format that the clients of OpenAI and Anthropic read.
fn error_response(status: StatusCode, error: &dyn Error) -> Response {
    let mut message = error.to_string();
    let mut error = error;
    while let Some(source) = error.source() {
        let _ = write!(message, ": {source}");
        error = source;
    }
    let body = json!({ "error": { "type": "proxy_error", "message": message } });
    (status, Json(body)).into_response()
}
