//! The server, and how it forwards a request.

use std::convert::Infallible;
use std::error::Error;
use std::fmt::Write as _;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use opentelemetry::Context;
use reqwest::{Body, Request, Response};
use serde_json::json;
use throughline_forward::{Upstream, forward_request, forward_response};
use throughline_propagation::Propagator;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time;
use tower_service::Service;

use super::path::Token;
use super::scopes::Scopes;
use crate::span::InContextExt;

/// The time without new connections after the operating system refused one, for example for lack of file
/// descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What all connections share.
pub(super) struct Proxy {
    token: Token,
    scopes: Arc<Scopes>,
    upstream: Upstream,
}

impl Proxy {
    pub(super) const fn new(token: Token, scopes: Arc<Scopes>, upstream: Upstream) -> Self {
        Self {
            token,
            scopes,
            upstream,
        }
    }

    /// Returns the URI without the token, and the context of the request. `None` if the token is missing or
    /// wrong.
    fn admit(&self, uri: &Uri, headers: &HeaderMap) -> Option<(Uri, Context)> {
        let (uri, scope) = self.token.strip(uri)?;
        let context = scope.and_then(|id| self.scopes.get(id)).unwrap_or_default();
        Some((uri, Propagator::global().extract(headers, &context)))
    }

    /// Sends a request of the caller to the upstream through `client`.
    async fn forward<S>(&self, request: http::Request<Incoming>, client: &mut S) -> http::Response<Body>
    where
        S: Service<Request, Response = Response>,
        S::Error: Into<BoxError>,
    {
        let Some((uri, context)) = self.admit(request.uri(), request.headers()) else {
            return error_response(StatusCode::NOT_FOUND, "the path has no token of this loopback");
        };
        let target = match self.upstream.join(&uri) {
            Ok(target) => target,
            Err(error) => return error_response(StatusCode::BAD_REQUEST, &error.to_string()),
        };
        let sent = async {
            let request = forward_request(request, target);
            let request = Request::try_from(request.map(Body::wrap))?;
            poll_fn(|cx| client.poll_ready(cx)).await.map_err(Into::into)?;
            client.call(request).await.map_err(Into::into)
        };
        match sent.in_context(context).await {
            Ok(response) => forward_response(http::Response::from(response)),
            Err(error) => error_response(StatusCode::BAD_GATEWAY, &chain(&*error)),
        }
    }
}

/// Serves until `stopped` is dropped, and then waits for the requests in progress.
pub(super) async fn serve<S>(
    listener: TcpListener,
    proxy: Proxy,
    client: S,
    mut stopped: oneshot::Receiver<()>,
) where
    S: Service<Request, Response = Response> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    let proxy = Arc::new(proxy);
    let connections = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut stopped => break,
        };
        let Ok((stream, _)) = accepted else {
            time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        // Without it, the end of an event of a stream waits for the acknowledgement of its beginning.
        let _ = stream.set_nodelay(true);
        let (proxy, client) = (Arc::clone(&proxy), client.clone());
        let service = service_fn(move |request| {
            let (proxy, mut client) = (Arc::clone(&proxy), client.clone());
            async move { Ok::<_, Infallible>(proxy.forward(request, &mut client).await) }
        });
        // No time limit for heads: it would close idle connections of the client's pool.
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::spawn(connections.watch(connection));
    }
    drop(listener);
    connections.shutdown().await;
}

/// Creates an error response of the loopback, in the form that clients of OpenAI and Anthropic read.
fn error_response(status: StatusCode, message: &str) -> http::Response<Body> {
    let mut response = http::Response::new(Body::from(error_json(message)));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

fn error_json(message: &str) -> String {
    json!({ "error": { "type": "proxy_error", "message": message } }).to_string()
}

/// Returns an error's message with those of its sources.
fn chain(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut error = error;
    while let Some(source) = error.source() {
        let _ = write!(message, ": {source}");
        error = source;
    }
    message
}

type BoxError = Box<dyn Error + Send + Sync>;
