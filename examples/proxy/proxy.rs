//! The proxy: one handler for every path, a traced server around it, and a traced client beneath it.

use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::str::FromStr;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::uri::{InvalidUri, PathAndQuery, Uri};
use axum::http::{StatusCode, Version};
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
use tower::{ServiceBuilder, ServiceExt};

use crate::hop_by_hop;

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
async fn forward(State(proxy): State<Proxy>, mut request: Request) -> Response {
    match proxy.upstream.join(request.uri()) {
        Ok(uri) => *request.uri_mut() = uri,
        Err(error) => return error_response(StatusCode::BAD_REQUEST, &error),
    }
    *request.version_mut() = Version::HTTP_11;
    hop_by_hop::remove(request.headers_mut());
    request.headers_mut().remove(HOST); // The HTTP client sets it to the host of the upstream.

    match proxy.client.oneshot(request).await {
        Ok(mut response) => {
            hop_by_hop::remove(response.headers_mut());
            response.map(Body::new)
        }
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

/// The URL that requests are forwarded to: a scheme, a host and a base path.
#[derive(Debug, Clone)]
pub(crate) struct Upstream(Uri);

impl Upstream {
    /// Returns the upstream URI of a request to the proxy.
    fn join(&self, uri: &Uri) -> Result<Uri, axum::http::Error> {
        let mut parts = self.0.clone().into_parts();
        let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let base = self.0.path().trim_end_matches('/');
        parts.path_and_query = Some(format!("{base}{path}").parse()?);
        Ok(Uri::from_parts(parts)?)
    }
}

impl FromStr for Upstream {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|error: InvalidUri| error.to_string())?;
        match (uri.scheme_str(), uri.query()) {
            (Some("http" | "https"), None) => Ok(Self(uri)),
            _ => Err("expected a URL such as https://api.openai.com, without a query".to_owned()),
        }
    }
}
