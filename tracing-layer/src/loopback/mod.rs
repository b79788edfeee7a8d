//! Observes clients that own their HTTP client, through a reverse proxy in this process.
//!
//! Many client libraries of model providers build their own HTTP client and take no layer, but they take a
//! base URL. A [`Loopback`] listens on a free port of 127.0.0.1, and sends what arrives there to the provider
//! through your layers. Only the base URL of the client changes.
//!
//! ```
//! # use throughline_tracing_layer as throughline;
//! use throughline::ClientLayer;
//! use throughline::loopback::Loopback;
//! use tower::ServiceBuilder;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let client = ServiceBuilder::new()
//!     // An `LlmLayer` goes here.
//!     .layer(ClientLayer::new())
//!     .service(reqwest::Client::new());
//! let loopback = Loopback::start("https://api.openai.com", client).await?;
//!
//! let base_url = format!("{}/v1", loopback.base_url()); // in place of https://api.openai.com/v1
//! # let _ = base_url;
//! # loopback.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # What passes
//!
//! Methods, paths, queries, end-to-end headers, status codes, bodies and trailers pass unchanged and without
//! delay in both directions. `TCP_NODELAY` is set, so that each event of a stream arrives when it is sent. If
//! the caller leaves, the request to the provider ends. If the provider's answer is cut off, so is the one to
//! the caller. See [`throughline_forward`] for the headers of a single connection. Protocol upgrades,
//! such as WebSockets, are not forwarded.
//!
//! A `reqwest::Client` changes some of this itself: it follows redirects, and with a feature such as `gzip` it
//! requests and decodes compressed answers. Build it with `redirect::Policy::none()` and `no_gzip()` to leave
//! both to the caller.
//!
//! If the provider cannot be reached, the caller gets a `502` with the error as JSON in the form that clients
//! of OpenAI and Anthropic read. A client that retries failed connections but no `502` then does not retry:
//! put the retry into the stack.
//!
//! # Parents
//!
//! A request arrives on another task, so the caller's span and the ledgers of its agents are not current
//! there. There are two ways to connect them:
//!
//! - [`Loopback::scope`] returns a base URL for the calls of the current context. Everything in that context
//!   applies: the span is the parent, agents add the tokens to their totals, and their budgets are enforced.
//!   Build the client with that URL, which is cheap for most libraries.
//! - If the client sends a `traceparent`, that span is the parent. This gives no totals to agents, unless the
//!   client also uses the URL of a scope.
//!
//! # Who may call
//!
//! The first segment of the path is a random token, so that other users of the machine cannot call the
//! provider through the loopback, although they can connect. Requests without the token get a `404`. The
//! loopback stores no key: it forwards the one that the client sends.
//!
//! # When it ends
//!
//! [`Loopback::shutdown`] waits for the requests in progress. After a drop, no new connection is accepted,
//! and requests in progress end by themselves. A loopback ends with its Tokio runtime in any case.

mod path;
mod scopes;
mod server;

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use opentelemetry::Context;
use reqwest::{Request, Response};
use throughline_forward::{InvalidUpstream, Upstream};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower_service::Service;

use self::path::Token;
use self::scopes::{Registration, Scopes};

/// A reverse proxy in this process. See the [module](self).
pub struct Loopback {
    base_url: String,
    upstream: Upstream,
    scopes: Arc<Scopes>,
    /// Dropped to stop the server.
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Loopback {
    /// Starts a loopback that sends requests to `upstream` through `client`, a service for reqwest's requests
    /// with the layers around it.
    ///
    /// `upstream` is what the base URL of the loopback stands for: a scheme, a host and optionally a path.
    ///
    /// # Errors
    ///
    /// Returns an error if `upstream` is no such URL, if no port of 127.0.0.1 is free, or if the operating
    /// system has no random numbers.
    ///
    /// # Panics
    ///
    /// Panics if it is called outside of a Tokio runtime.
    pub async fn start<S>(upstream: &str, client: S) -> Result<Self, LoopbackError>
    where
        S: Service<Request, Response = Response> + Clone + Send + 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        S::Future: Send,
    {
        let upstream: Upstream = upstream.parse().map_err(Cause::Upstream)?;
        let token = Token::random().map_err(Cause::Listen)?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(Cause::Listen)?;
        let address = listener.local_addr().map_err(Cause::Listen)?;
        let base_url = format!("http://{address}/{token}");
        let scopes = Arc::new(Scopes::default());
        let (stop, stopped) = oneshot::channel();
        let proxy = server::Proxy::new(token, Arc::clone(&scopes), upstream.clone());
        Ok(Self {
            base_url,
            upstream,
            scopes,
            stop,
            server: tokio::spawn(server::serve(listener, proxy, client, stopped)),
        })
    }

    /// Returns the URL that stands for the upstream, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Returns a base URL for the calls of the current context.
    ///
    /// ```
    /// # use throughline_tracing_layer::loopback::Loopback;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let loopback = Loopback::start("https://api.openai.com", reqwest::Client::new()).await?;
    /// let scope = loopback.scope();
    /// let base_url = format!("{}/v1", scope.base_url()); // for a client whose calls belong to this context
    /// # assert!(base_url.starts_with(loopback.base_url()));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn scope(&self) -> LoopbackScope {
        self.scope_of(Context::current())
    }

    /// Returns a base URL for the calls of a context.
    #[must_use]
    pub fn scope_of(&self, context: Context) -> LoopbackScope {
        let registration = Scopes::register(&self.scopes, context);
        LoopbackScope {
            base_url: format!("{}.{}", self.base_url, registration.id()),
            _registration: registration,
        }
    }

    /// Stops accepting connections, and waits for the requests in progress.
    pub async fn shutdown(self) {
        let Self { stop, server, .. } = self;
        drop(stop);
        // An error is a panic of the server's task, which has been reported by Tokio.
        let _ = server.await;
    }
}

/// The base URL does not appear, because it contains the token.
impl fmt::Debug for Loopback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loopback")
            .field("upstream", &self.upstream)
            .finish_non_exhaustive()
    }
}

/// A base URL for the calls of one context. See [`Loopback::scope`].
///
/// Keep it until the last call has been sent. After its drop, calls to its URL are still forwarded, but
/// without the context.
pub struct LoopbackScope {
    base_url: String,
    _registration: Registration,
}

impl LoopbackScope {
    /// Returns the URL that stands for the upstream, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }
}

/// The base URL does not appear, because it contains the token.
impl fmt::Debug for LoopbackScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopbackScope").finish_non_exhaustive()
    }
}

/// A [`Loopback`] cannot be started.
#[derive(Debug)]
pub struct LoopbackError(Cause);

#[derive(Debug)]
enum Cause {
    Upstream(InvalidUpstream),
    Listen(io::Error),
}

impl From<Cause> for LoopbackError {
    fn from(cause: Cause) -> Self {
        Self(cause)
    }
}

impl fmt::Display for LoopbackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Upstream(_) => f.write_str("the upstream of a loopback cannot be used"),
            Cause::Listen(_) => f.write_str("a loopback cannot listen on a port of 127.0.0.1"),
        }
    }
}

impl Error for LoopbackError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Cause::Upstream(error) => Some(error),
            Cause::Listen(error) => Some(error),
        }
    }
}
