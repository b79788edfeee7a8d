//! The proxy: one handler for every path, and the layers around it and beneath it.

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

use crate::hop;

/// A hyper client; the layers hand it the body that they have read ahead in.
type Hyper = Client<HttpsConnector<HttpConnector>, RequestBody<Body>>;

#[derive(Clone)]
struct Proxy {
    client: Llm<Traced<Hyper>>,
    upstream: Upstream,
}

/// The proxy as a router: every path goes to the upstream.
pub(crate) fn app(upstream: &Upstream, llm: LlmLayer) -> io::Result<Router> {
    let connector = HttpsConnectorBuilder::new()
        .with_native_roots()?
        .https_or_http()
        .enable_http1()
        .build();
    let client = ServiceBuilder::new()
        // One span a model call, until its answer has ended: tokens, timing, finish reason, errors. All else passes.
        .layer(llm)
        // One span an HTTP request, and the `traceparent` that the provider gets in place of the client's.
        .layer(ClientLayer::new())
        .service(Client::builder(TokioExecutor::new()).build(connector));
    let proxy = Proxy {
        client,
        upstream: upstream.clone(),
    };
    Ok(Router::new()
        .fallback(forward)
        // One server span a request, in the trace that the client's `traceparent` began; it ends with the body.
        .layer(ServerLayer::new())
        .with_state(proxy))
}

/// Sends a request on and its answer back; neither body is held.
async fn forward(State(proxy): State<Proxy>, mut request: Request) -> Response {
    match proxy.upstream.join(request.uri()) {
        Ok(uri) => *request.uri_mut() = uri,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, &error),
    }
    *request.version_mut() = Version::HTTP_11;
    hop::strip(request.headers_mut());
    request.headers_mut().remove(HOST); // The client writes the upstream's.

    match proxy.client.oneshot(request).await {
        Ok(mut response) => {
            hop::strip(response.headers_mut());
            response.map(Body::new)
        }
        Err(error) => refuse(StatusCode::BAD_GATEWAY, &error),
    }
}

/// An answer of the proxy's own, in the shape that OpenAI's and Anthropic's clients read.
fn refuse(status: StatusCode, error: &dyn Error) -> Response {
    let mut message = error.to_string();
    let mut error = error;
    while let Some(source) = error.source() {
        let _ = write!(message, ": {source}");
        error = source;
    }
    let body = json!({ "error": { "type": "proxy_error", "message": message } });
    (status, Json(body)).into_response()
}

/// Where requests go: scheme and host of a URL, and the path before theirs.
#[derive(Debug, Clone)]
pub(crate) struct Upstream(Uri);

impl Upstream {
    /// The place of a request here, there.
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
