//! The listener of the page, on its own thread, so that the page works in programs without a runtime and while
//! theirs is busy.

use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use opentelemetry::Context;
use throughline_viewer::Viewer;
use tokio::runtime;
use tokio::sync::oneshot;

use crate::error::InitError;

/// Serves the page until it is dropped.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    /// Dropped to stop the server.
    stop: Option<oneshot::Sender<()>>,
    ended: Mutex<Receiver<()>>,
}

impl Server {
    pub(super) fn start(address: &str, viewer: &Viewer) -> Result<Self, InitError> {
        let failed = |error| {
            InitError::exporter(format!("cannot listen on viewer.listen = {address:?}")).caused_by(error)
        };
        let listener = TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address_there = listener.local_addr().map_err(failed)?;
        let runtime = runtime::Builder::new_current_thread()
            .thread_name("throughline-viewer")
            .max_blocking_threads(MAX_BLOCKING_THREADS)
            .enable_all()
            .build()
            .map_err(failed)?;
        let viewer = viewer.clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let (alive, ended) = mpsc::channel::<()>();
        let serve = move || {
            // The page is not part of the telemetry that it shows.
            let _suppressed = Context::enter_telemetry_suppressed_scope();
            runtime.block_on(async {
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
                    return;
                };
                // An error means that the listener is gone; the store goes on without it.
                let _ = viewer.serve_page(listener, async { drop(stopped.await) }).await;
            });
            runtime.shutdown_background();
            drop(alive);
        };
        thread::Builder::new()
            .name("throughline-viewer".into())
            .spawn(serve)
            .map_err(failed)?;
        Ok(Self {
            address: address_there,
            stop: Some(stop),
            ended: Mutex::new(ended),
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
        // A page may hold its connection open; the process does not wait for it.
        let _ = ended.recv_timeout(SHUTDOWN_GRACE);
    }
}

/// The maximum number of threads that compute answers.
const MAX_BLOCKING_THREADS: usize = 4;
/// The time for answers in progress at shutdown.
const SHUTDOWN_GRACE: Duration = Duration::from_millis(250);
