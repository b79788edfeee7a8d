//! Listens, accepts connections, and serves them until the gateway stops.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, Request, Response};
use http_body_util::{Either, Full};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use pin_project_lite::pin_project;
use throughline::ServerLayer;
use throughline::propagation::PeerAddr;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tower::{Layer, Service};

use crate::body::Body;
use crate::config::{Config, ConfigError, Listener};
use crate::exchange_body::ExchangeBody;
use crate::gateway::{Gateway, Incoming};
use crate::operations::{self, MetricsPage};
use crate::running::Running;
use crate::served_connection::{Activity, Answered, InProgress, ServedConnection};
use crate::tls::{Acceptor, Stream};
use crate::trace_id;

/// A gateway that listens.
///
/// ```
/// use throughline_gateway::{Config, Gateway, Server};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config::from_yaml(
///     "
///     listeners: [{ address: 127.0.0.1:0 }]
///     providers: [{ name: local, api: openai, base_url: http://127.0.0.1:8000/v1 }]
///     ",
/// )?;
/// let server = Server::bind(&config, Gateway::new(&config)?).await?;
/// println!("{:?}", server.addresses());
/// // Serves until the future completes. A program awaits a signal here.
/// let has_ended = server.serve(std::future::ready(())).await;
/// assert!(has_ended, "all answers ended in time");
/// # Ok(())
/// # }
/// ```
pub struct Server {
    gateway: Gateway,
    listeners: Vec<Bound>,
    metrics: Option<MetricsPage>,
    running: Running,
    grace_period: Duration,
}

/// A listener with its socket.
struct Bound {
    socket: TcpListener,
    address: SocketAddr,
    settings: Arc<Listener>,
    tls: Option<Acceptor>,
    /// Permits for connections.
    connections: Arc<Semaphore>,
}

impl Bound {
    /// Returns the permits and their number.
    fn connections(&self) -> (Arc<Semaphore>, u32) {
        let max = u32::try_from(self.settings.max_connections).unwrap_or(u32::MAX);
        (self.connections.clone(), max)
    }
}

impl Server {
    /// Binds the listeners of a configuration.
    ///
    /// # Errors
    ///
    /// If an address cannot be bound, or a certificate cannot be read.
    pub async fn bind(config: &Config, gateway: Gateway) -> Result<Self, ConfigError> {
        Self::bind_listeners(config, gateway)
            .await
            .map_err(|error| config.locate(error))
    }

    async fn bind_listeners(config: &Config, gateway: Gateway) -> Result<Self, ConfigError> {
        let mut listeners = Vec::with_capacity(config.listeners.len());
        for (index, settings) in config.listeners.iter().enumerate() {
            let place = format!("listeners[{index}].address");
            let socket = TcpListener::bind(&settings.address).await.map_err(|error| {
                ConfigError::new(&place, format!("cannot listen on {}: {error}", settings.address))
            })?;
            let address = socket
                .local_addr()
                .map_err(|error| ConfigError::new(&place, error.to_string()))?;
            let tls = match &settings.tls {
                None => None,
                Some(tls) => Some(Acceptor::new(tls, &format!("listeners[{index}].tls"))?),
            };
            listeners.push(Bound {
                socket,
                address,
                settings: Arc::new(settings.clone()),
                tls,
                connections: Arc::new(Semaphore::new(settings.max_connections)),
            });
        }
        Ok(Self {
            gateway,
            listeners,
            metrics: None,
            running: Running::new(),
            grace_period: config.shutdown_timeout(),
        })
    }

    /// Sets the text that `/metrics` answers, in Prometheus' format. Default: none, and the path is not
    /// served.
    ///
    /// It is served by listeners on loopback addresses, and by those that set `metrics: true`.
    #[must_use]
    pub fn with_metrics_page(mut self, page: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.metrics = Some(Arc::new(page));
        self
    }

    /// Returns the addresses that it listens on, with the ports that the system chose.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().map(|listener| listener.address).collect()
    }

    /// Serves requests until `stop` completes. Then `/readyz` answers 503, no more connections are accepted,
    /// and the answers in progress have the time of `shutdown_timeout` to end. Returns whether all of them
    /// ended.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> bool {
        let connections: Vec<_> = self.listeners.iter().map(Bound::connections).collect();
        let mut tasks = tokio::task::JoinSet::new();
        for listener in self.listeners {
            let metrics = self.metrics.clone().filter(|_| {
                let own = listener.settings.metrics;
                own.unwrap_or_else(|| listener.address.ip().is_loopback())
            });
            let settings = listener.settings.clone();
            let handler = Handler::new(self.gateway.clone(), settings, metrics, self.running.clone());
            tasks.spawn(accept(listener, Arc::new(handler), self.running.clone()));
        }
        stop.await;
        self.running.stop();
        while tasks.join_next().await.is_some() {}
        let all_ended = async {
            for (connections, max) in connections {
                // Every connection has a permit until it has ended.
                let _ = connections.acquire_many_owned(max).await;
            }
        };
        let has_ended = timeout(self.grace_period, all_ended).await.is_ok();
        self.gateway.wait_idle(MAX_IDLE_WAIT).await;
        has_ended
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("addresses", &self.addresses())
            .finish_non_exhaustive()
    }
}

/// Accepts connections until the gateway stops.
async fn accept(listener: Bound, handler: Arc<Handler>, running: Running) {
    let connections = listener.connections;
    let server = Arc::new(connection_builder(&listener.settings));
    let layer = ServerLayer::new();
    let stopped = running.stopped();
    tokio::pin!(stopped);
    loop {
        // At the limit, connections wait in the system's queue.
        let permit = tokio::select! {
            permit = connections.clone().acquire_owned() => permit,
            () = &mut stopped => return,
        };
        let accepted = tokio::select! {
            accepted = listener.socket.accept() => accepted,
            () = &mut stopped => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Without a file descriptor, the next call fails at once. Others only concern one connection.
                if !is_of_connection(&error) {
                    sleep(ACCEPT_PAUSE).await;
                }
                continue;
            }
        };
        // Without it, the system holds back events of a stream for up to 40 ms.
        let _ = stream.set_nodelay(true);
        let (handler, layer, running) = (handler.clone(), layer.clone(), running.clone());
        let (tls, server) = (listener.tls.clone(), server.clone());
        let timeouts = listener.settings.timeouts;
        tokio::spawn(async move {
            let _permit = permit;
            let Some(stream) = handshake(stream, tls, timeouts.header.duration()).await else {
                return;
            };
            let mut stream = TimeoutStream::new(stream);
            // A client that does not read must not keep its connection for ever.
            stream.set_write_timeout(Some(timeouts.write.duration()));
            let activity = Activity::new();
            let outer = Outer {
                service: layer.layer(Traced(handler.clone())),
                handler,
                peer,
                activity: activity.clone(),
            };
            let io = TokioIo::new(Box::pin(stream));
            let connection = server.serve_connection(io, outer).into_owned();
            ServedConnection::new(connection, activity, timeouts, running).await;
        });
    }
}

async fn handshake(stream: TcpStream, tls: Option<Acceptor>, within: Duration) -> Option<Stream> {
    match tls {
        None => Some(Stream::plain(stream)),
        Some(acceptor) => timeout(within, acceptor.accept(stream)).await.ok()?.ok(),
    }
}

fn connection_builder(settings: &Listener) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // `ServedConnection` has a timeout that costs less.
        .header_read_timeout(None)
        .max_buf_size(settings.max_header_bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(HTTP2_PING))
        .max_header_list_size(u32::try_from(settings.max_header_bytes).unwrap_or(u32::MAX));
    builder
}

fn is_of_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

/// What answers the requests of one listener.
pub(crate) struct Handler {
    gateway: Gateway,
    settings: Arc<Listener>,
    requests: Arc<Semaphore>,
    metrics: Option<MetricsPage>,
    running: Running,
}

impl Handler {
    pub(crate) fn new(
        gateway: Gateway,
        settings: Arc<Listener>,
        metrics: Option<MetricsPage>,
        running: Running,
    ) -> Self {
        Self {
            gateway,
            requests: Arc::new(Semaphore::new(settings.max_requests)),
            settings,
            metrics,
            running,
        }
    }

    /// Answers a request for a path of operators. Such requests have no span.
    pub(crate) fn operator_answer<B>(&self, request: &Request<B>) -> Option<Response<Bytes>> {
        let path = request.uri().path();
        operations::answer(request.method(), path, &self.running, self.metrics.as_ref())
    }

    /// Adds to a request what the layers and the provider need to know of it.
    pub(crate) fn prepare(&self, request: &mut Request<Body>, peer: Option<SocketAddr>) {
        // The provider gets the id too.
        let headers = request.headers_mut();
        headers
            .entry(X_REQUEST_ID)
            .or_insert_with(trace_id::random_header);
        // The caller decides about its own traces, and the listener about the others. A parent that is not
        // sampled keeps all spans of this request from being recorded.
        let share = self.settings.tracing.random_sampling / 100.0;
        if share < 1.0 && !headers.contains_key(trace_id::TRACEPARENT) && fastrand::f64() >= share {
            headers.insert(trace_id::TRACEPARENT, trace_id::unsampled());
        }
        if let Some(peer) = peer {
            request.extensions_mut().insert(PeerAddr(peer));
        }
    }
}

/// The part of a handler that has a span.
#[derive(Clone)]
pub(crate) struct Traced(pub(crate) Arc<Handler>);

type Answer = Pin<Box<dyn Future<Output = Result<Response<ExchangeBody>, Infallible>> + Send>>;

impl Service<Request<Body>> for Traced {
    type Response = Response<ExchangeBody>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        let handler = self.0.clone();
        Box::pin(async move {
            let id = request.headers().get(X_REQUEST_ID);
            let id = id.filter(|id| id.len() <= MAX_REQUEST_ID_BYTES && id.to_str().is_ok());
            let request_id = id.cloned().unwrap_or_else(trace_id::random_header);
            let incoming = Incoming {
                request,
                request_id,
                permit: handler.requests.clone().try_acquire_owned().ok(),
            };
            Ok(handler.gateway.handle(incoming, &handler.settings).await)
        })
    }
}

/// Answers the paths of operators without a span, and prepares all other requests.
struct Outer<S> {
    handler: Arc<Handler>,
    service: S,
    peer: SocketAddr,
    activity: Arc<Activity>,
}

impl<S, B> hyper::service::Service<Request<hyper::body::Incoming>> for Outer<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone,
    B: http_body::Body<Data = Bytes>,
{
    type Response = Response<Answered<Either<Full<Bytes>, B>>>;
    type Error = Infallible;
    type Future = OuterFuture<S::Future>;

    fn call(&self, request: Request<hyper::body::Incoming>) -> Self::Future {
        let in_progress = self.activity.begin(request.version());
        if let Some(answer) = self.handler.operator_answer(&request) {
            return OuterFuture::Operator {
                answer: Some((answer, in_progress)),
            };
        }
        let mut request = request.map(Body::received);
        self.handler.prepare(&mut request, Some(self.peer));
        // Its `poll_ready` is always ready.
        let answer = self.service.clone().call(request);
        OuterFuture::Forwarded {
            answer,
            in_progress: Some(in_progress),
        }
    }
}

pin_project! {
    #[project = Projected]
    enum OuterFuture<F> {
        Operator {
            answer: Option<(Response<Bytes>, InProgress)>,
        },
        Forwarded {
            #[pin]
            answer: F,
            in_progress: Option<InProgress>,
        },
    }
}

impl<F, B> Future for OuterFuture<F>
where
    F: Future<Output = Result<Response<B>, Infallible>>,
{
    type Output = Result<Response<Answered<Either<Full<Bytes>, B>>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answered = match self.project() {
            Projected::Operator { answer } => answer
                .take()
                .map(|(answer, in_progress)| (answer.map(|text| Either::Left(Full::new(text))), in_progress)),
            Projected::Forwarded { answer, in_progress } => {
                let answer = match ready!(answer.poll(cx)) {
                    Ok(answer) => answer,
                    Err(never) => match never {},
                };
                in_progress
                    .take()
                    .map(|in_progress| (answer.map(Either::Right), in_progress))
            }
        };
        let Some((answer, in_progress)) = answered else {
            unreachable!("a response future was polled after it was ready")
        };
        Poll::Ready(Ok(answer.map(|body| Answered::new(body, in_progress))))
    }
}

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const MAX_REQUEST_ID_BYTES: usize = 128;
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Closes connections of clients that are gone without closing them.
const HTTP2_PING: Duration = Duration::from_secs(30);
/// The time for drains and settlements after the last answer.
const MAX_IDLE_WAIT: Duration = Duration::from_secs(5);
