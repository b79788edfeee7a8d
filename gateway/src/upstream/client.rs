//! The HTTP client.

use std::io;
use std::time::Duration;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};

/// How connections to providers are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientSettings {
    pub(crate) connect_timeout: Duration,
}

pub(crate) type Connector = HttpsConnector<HttpConnector>;

/// Creates the connector, with the root certificates of the system.
pub(crate) fn connector(settings: ClientSettings) -> io::Result<Connector> {
    let mut http = HttpConnector::new();
    // Without it, the system holds back events of a stream for up to 40 ms.
    http.set_nodelay(true);
    http.enforce_http(false);
    http.set_connect_timeout(Some(settings.connect_timeout));
    http.set_keepalive(Some(KEEPALIVE));
    Ok(HttpsConnectorBuilder::new()
        .with_native_roots()?
        .https_or_http()
        .enable_http1()
        .wrap_connector(http))
}

/// Creates a client with a pool of connections.
pub(super) fn client<B>(connector: Connector) -> Client<Connector, B>
where
    B: http_body::Body<Data: Send> + Send,
{
    builder().build(connector)
}

fn builder() -> Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    builder
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(POOL_CONNECTIONS);
    builder
}

/// Shorter than the idle timeouts of most servers, so that a connection is rarely closed while it is being used.
const POOL_IDLE: Duration = Duration::from_secs(50);
const POOL_CONNECTIONS: usize = 1024;
const KEEPALIVE: Duration = Duration::from_secs(60);
