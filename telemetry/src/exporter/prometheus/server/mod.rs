//! The listener for scrapes: hyper on its own thread.
//!
//! Clients can be slow, silent or numerous, so everything is bounded: the time for a request head, for a
//! stalled write and for the whole exchange, the size of a head, and the number of connections. Beyond the
//! limit, the oldest connection without a request is closed, and then the oldest of all. Scrapes are short,
//! so a flood evicts its own connections. Each connection serves one request.

mod connections;
mod handler;
#[cfg(test)]
mod tests;

use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use opentelemetry::Context;
use tokio::runtime::{self, Runtime};
use tokio::sync::oneshot;

use crate::error::InitError;

use super::scrape::Scrapes;

use self::connections::{Connections, accept};
use self::handler::Handler;

/// Serves `GET /metrics` until it is dropped.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    /// Dropped to stop the server.
    stop: Option<oneshot::Sender<()>>,
    ended: Mutex<Receiver<()>>,
    shutdown_grace: Duration,
}

/// The limits of a client.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServerLimits {
    /// The maximum number of open connections.
    connections: usize,
    /// The time for the head of a request.
    head: Duration,
    /// The time for a stalled write.
    write: Duration,
    /// The time for a request and its answer.
    exchange: Duration,
    /// The time for responses in progress at shutdown.
    shutdown_grace: Duration,
}

impl ServerLimits {
    pub(super) const DEFAULT: Self = Self {
        connections: 128,
        head: Duration::from_secs(5),
        write: Duration::from_secs(10),
        exchange: Duration::from_secs(60),
        shutdown_grace: Duration::from_millis(250),
    };
}

impl Server {
    /// Listens on the address. `read` is called for each page that was rendered, or with the reason why it
    /// could not be rendered.
    pub(super) fn start(
        address: &str,
        limits: ServerLimits,
        scrapes: Scrapes,
        read: impl Fn(Result<(), &str>) + Send + Sync + 'static,
    ) -> Result<Self, InitError> {
        let failed = |error| {
            InitError::exporter(format!("cannot listen on prometheus.listen = {address:?}")).caused_by(error)
        };
        let listener = TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address_there = listener.local_addr().map_err(failed)?;
        // A second thread serves other pages while a collection hangs.
        let runtime = runtime::Builder::new_current_thread()
            .thread_name("throughline-prometheus")
            .max_blocking_threads(4)
            .enable_all()
            .build()
            .map_err(failed)?;
        let handler = Handler::new(scrapes, read);
        let (stop, stopped) = oneshot::channel();
        let (alive, ended) = mpsc::channel::<()>();
        let serve = move || {
            let _suppressed = Context::enter_telemetry_suppressed_scope();
            serve(&runtime, listener, limits, handler, stopped);
            // Do not wait for a callback that hangs.
            runtime.shutdown_background();
            drop(alive);
        };
        thread::Builder::new()
            .name("throughline-prometheus".into())
            .spawn(serve)
            .map_err(failed)?;
        Ok(Self {
            address: address_there,
            stop: Some(stop),
            ended: Mutex::new(ended),
            shutdown_grace: limits.shutdown_grace,
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = ended.recv_timeout(2 * self.shutdown_grace);
    }
}

fn serve(
    runtime: &Runtime,
    listener: TcpListener,
    limits: ServerLimits,
    handler: Handler,
    stopped: oneshot::Receiver<()>,
) {
    runtime.block_on(async {
        let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
            return;
        };
        let connections = Arc::new(Connections::new(limits));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&connections), handler));
        let _ = stopped.await;
        accepting.abort();
        let _ = accepting.await;
        connections.finish().await;
    });
}
