//! Serves a router. The number of connections is bounded, and so is the time in which the head of a request
//! must arrive.
//!
//! Beyond the limit, connections wait until others end. A connection is asked to end when it is old, so that
//! clients that send nothing cannot hold it for good; a request in progress, such as an event stream, is not
//! cut.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// The version of HTTP that a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    /// Without TLS, for gRPC.
    #[cfg(feature = "receiver")]
    Http2,
}

/// Serves a router until `shutdown` completes and the requests in progress are answered.
pub(crate) async fn serve(
    mut listener: TcpListener,
    router: Router,
    protocol: Protocol,
    shutdown: impl Future<Output = ()> + Send,
) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS as usize));
    let (stop, stopped) = watch::channel(false);
    let accepting = async {
        // The semaphore is never closed.
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            let (stream, _) = Listener::accept(&mut listener).await;
            let (router, stopped) = (router.clone(), stopped.clone());
            tokio::spawn(async move {
                serve_connection(stream, router, protocol, stopped).await;
                drop(place);
            });
        }
    };
    tokio::select! {
        () = accepting => {}
        () = shutdown => {}
    }
    drop(listener);
    stop.send_replace(true);
    // All places are free when all connections have ended.
    let _ = places.acquire_many(MAX_CONNECTIONS).await;
}

async fn serve_connection(
    stream: TcpStream,
    router: Router,
    protocol: Protocol,
    mut stopped: watch::Receiver<bool>,
) {
    // Without it, a live event waits until the previous one is acknowledged, about 40 ms. If it fails, events
    // may be late.
    drop(stream.set_nodelay(true));
    let builder = auto::Builder::new(TokioExecutor::new());
    let mut builder = match protocol {
        Protocol::Http1 => builder.http1_only(),
        #[cfg(feature = "receiver")]
        Protocol::Http2 => builder.http2_only(),
    };
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT);
    let mut connection =
        pin!(builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)));
    // Errors of a connection concern its client only.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|stopped| *stopped) => {}
        () = tokio::time::sleep(MAX_CONNECTION_AGE) => {}
    }
    connection.as_mut().graceful_shutdown();
    match protocol {
        Protocol::Http1 => drop(connection.await),
        // Otherwise one without a complete preface would stay for good.
        #[cfg(feature = "receiver")]
        Protocol::Http2 => drop(tokio::time::timeout(LAST_REQUESTS_TIMEOUT, connection).await),
    }
}

/// The maximum number of open connections.
const MAX_CONNECTIONS: u32 = 256;
/// The time for the head of a request to arrive, also on a connection that is kept alive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// The time after which a connection is asked to end.
const MAX_CONNECTION_AGE: Duration = Duration::from_secs(300);
/// The time for the requests in progress on a connection over HTTP/2 that is asked to end: more than each may
/// take.
#[cfg(feature = "receiver")]
const LAST_REQUESTS_TIMEOUT: Duration = Duration::from_secs(35);
