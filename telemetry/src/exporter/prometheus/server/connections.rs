//! Limits the number and the duration of connections.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, yield_now};
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;

use super::ServerLimits;
use super::handler::Handler;

pub(super) async fn accept(listener: TcpListener, connections: Arc<Connections>, handler: Handler) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.serve(stream, handler.clone());
                // Read a request that has already arrived before newer connections can evict it.
                yield_now().await;
            }
            // Probably out of descriptors. Accepting again immediately would be a busy loop.
            Err(_) => sleep(ACCEPT_RETRY_DELAY).await,
        }
    }
}

/// The open connections, the oldest first.
#[derive(Debug)]
pub(super) struct Connections {
    limits: ServerLimits,
    open: Mutex<Vec<OpenConnection>>,
}

#[derive(Debug)]
struct OpenConnection {
    task: AbortHandle,
    /// Whether a request has arrived.
    is_served: Arc<AtomicBool>,
}

impl Connections {
    pub(super) fn new(limits: ServerLimits) -> Self {
        Self {
            limits,
            open: Mutex::default(),
        }
    }

    fn serve(&self, stream: TcpStream, handler: Handler) {
        let is_served = Arc::new(AtomicBool::new(false));
        let exchange = exchange(stream, self.limits, handler, Arc::clone(&is_served));
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|connection| !connection.task.is_finished());
        if open.len() >= self.limits.connections {
            let is_silent = |connection: &OpenConnection| !connection.is_served.load(Ordering::Acquire);
            let oldest = open.iter().position(is_silent).unwrap_or(0);
            open.remove(oldest).task.abort();
        }
        let task = tokio::spawn(exchange).abort_handle();
        open.push(OpenConnection { task, is_served });
    }

    /// Closes connections without a request, and the others after their response or a timeout.
    pub(super) async fn finish(&self) {
        let open = std::mem::take(&mut *self.open.lock().unwrap_or_else(PoisonError::into_inner));
        let answered = async {
            for connection in &open {
                while connection.is_served.load(Ordering::Acquire) && !connection.task.is_finished() {
                    sleep(FINISH_POLL_INTERVAL).await;
                }
            }
        };
        let _ = timeout(self.limits.shutdown_grace, answered).await;
    }
}

/// Serves one request.
async fn exchange(stream: TcpStream, limits: ServerLimits, handler: Handler, is_served: Arc<AtomicBool>) {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.write));
    let service = service_fn(move |request| {
        is_served.store(true, Ordering::Release);
        let handler = handler.clone();
        async move { Ok::<_, Infallible>(handler.answer(&request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(MAX_HEAD_BYTES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    let _ = timeout(limits.exchange, connection).await;
}

/// The maximum bytes of a request head.
pub(super) const MAX_HEAD_BYTES: usize = 16 << 10;
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);
const FINISH_POLL_INTERVAL: Duration = Duration::from_millis(5);
