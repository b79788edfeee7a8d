//! The HTTP client of one provider.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{Request, Response, Uri};
use http_body::Body;
use throughline::error_type::ConnectError;
use tokio::time::{Instant, timeout_at};
use tower::{Service, ServiceExt};

use super::connection::{Connection, SendError};
use super::connector::Endpoint;
use super::error::UpstreamError;
use super::plan::Plan;
use super::pool::Pool;
use super::response_body::ResponseBody;
use crate::body::{BoxError, error_chain};

/// A client with a pool of connections. Clones share it.
pub(crate) struct Client<B: Body + 'static> {
    shared: Arc<Shared<B>>,
}

struct Shared<B: Body + 'static> {
    endpoint: Endpoint,
    pool: Arc<Pool<B>>,
}

impl<B: Body + 'static> Clone for Client<B> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<B> Client<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    /// Returns whether the provider may be closing the connection that the next request would be sent on, so that the request
    /// should be one that can be sent again.
    pub(super) fn is_stale(&self) -> bool {
        self.shared.pool.is_stale()
    }

    pub(super) fn new(endpoint: Endpoint) -> Self {
        let pool = Pool::new();
        Self {
            shared: Arc::new(Shared { endpoint, pool }),
        }
    }
}

/// Sends requests that have a [`Plan`] in their extensions, which says how long to wait for the head of the
/// answer.
impl<B> Service<Request<B>> for Client<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<ResponseBody<B>>;
    // Layers look into an `io::Error` for the error that it wraps, and name it on spans.
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let shared = self.shared.clone();
        Box::pin(async move { shared.send(request).await.map_err(io::Error::other) })
    }
}

impl<B> Shared<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    async fn send(&self, mut request: Request<B>) -> Result<Response<ResponseBody<B>>, UpstreamError> {
        let first_byte = request
            .extensions()
            .get::<Plan>()
            .map(|Plan(plan)| plan.first_byte);
        let start = Instant::now();
        let deadline = start + first_byte.ok_or(UpstreamError::Target)?;
        self.address(&mut request);
        loop {
            let (mut connection, is_new) = match self.pool.take() {
                Some(connection) => (connection, false),
                // Boxed, since the future is large and rarely needed, and would be moved with each request.
                None => (Box::pin(self.connect(deadline)).await?, true),
            };
            let sent = connection.send(request, deadline).await;
            request = match sent {
                Ok(response) => {
                    let pool = &self.pool;
                    return Ok(response.map(|body| ResponseBody::new(body, connection, pool.clone())));
                }
                // The provider closed the connection while it was idle.
                Err(SendError::Unsent(request, _)) if !is_new => *request,
                Err(SendError::Broken(error))
                    if !is_new && is_disconnection(&error) && start.elapsed() < STALE_WITHIN =>
                {
                    self.pool.close_stale();
                    return Err(UpstreamError::Stale(error));
                }
                Err(SendError::Unsent(_, error) | SendError::Broken(error)) => return Err(error.into()),
                Err(SendError::Late) => return Err(UpstreamError::timeout()),
            };
        }
    }

    /// Directs a request to the provider: `Host`, and a URI without scheme and host.
    fn address(&self, request: &mut Request<B>) {
        let host = &self.endpoint.host;
        request.headers_mut().entry(HOST).or_insert_with(|| host.clone());
        let path = std::mem::take(request.uri_mut()).into_parts().path_and_query;
        *request.uri_mut() = path.map(Uri::from).unwrap_or_default();
    }

    async fn connect(&self, deadline: Instant) -> Result<Box<Connection<B>>, UpstreamError> {
        let Endpoint {
            connector, origin, ..
        } = &self.endpoint;
        let stream = match timeout_at(deadline, connector.clone().oneshot(origin.clone())).await {
            Ok(connected) => connected.map_err(|error| UpstreamError::Connect(ConnectError::new(error)))?,
            Err(_) => return Err(UpstreamError::timeout()),
        };
        Ok(Box::new(Connection::open(stream, deadline).await?))
    }
}

/// Whether the provider closed the connection.
fn is_disconnection(error: &hyper::Error) -> bool {
    let closed = [
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::BrokenPipe,
        io::ErrorKind::UnexpectedEof,
    ];
    error.is_incomplete_message()
        || error_chain(error).any(|error| {
            error
                .downcast_ref::<io::Error>()
                .is_some_and(|error| closed.contains(&error.kind()))
        })
}

/// A provider that was closing the connection resets it after a round trip. One that takes longer has read the request.
const STALE_WITHIN: Duration = Duration::from_secs(1);
