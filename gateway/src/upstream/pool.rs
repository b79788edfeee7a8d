//! The idle connections to one provider.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

use super::connection::Connection;
use crate::body::BoxError;

/// The connections that wait for a request, the last one used at the end.
pub(super) struct Pool<B: Body + 'static> {
    idle: Mutex<Idle<B>>,
}

struct Idle<B: Body + 'static> {
    connections: VecDeque<(Instant, Box<Connection<B>>)>,
    /// Whether a task closes the connections that are not used.
    is_watched: bool,
}

impl<B> Pool<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            idle: Mutex::new(Idle {
                connections: VecDeque::new(),
                is_watched: false,
            }),
        })
    }

    /// Takes the connection that was used last, which is the least likely to be closed by the provider.
    pub(super) fn take(&self) -> Option<Box<Connection<B>>> {
        let (since, connection) = self.lock().connections.pop_back()?;
        (since.elapsed() < MAX_IDLE_TIME).then_some(connection)
    }

    /// Returns whether the next connection has been idle for so long that the provider may be closing it now.
    pub(super) fn is_stale(&self) -> bool {
        let idle = self.lock();
        let next = idle.connections.back();
        next.is_some_and(|(since, _)| since.elapsed() > STALE_TIME)
    }

    /// Closes the connections that the provider may be closing, too.
    pub(super) fn close_stale(&self) {
        let mut idle = self.lock();
        let (stale, fresh) = std::mem::take(&mut idle.connections)
            .into_iter()
            .partition::<VecDeque<_>, _>(|(since, _)| since.elapsed() > STALE_TIME);
        idle.connections = fresh;
        drop(idle);
        drop(stale);
    }

    /// Keeps a connection for the next request.
    pub(super) fn put(self: &Arc<Self>, connection: Box<Connection<B>>) {
        let mut idle = self.lock();
        idle.connections.push_back((Instant::now(), connection));
        let surplus = match idle.connections.len() > MAX_IDLE {
            true => idle.connections.pop_front(),
            false => None,
        };
        let is_first = !std::mem::replace(&mut idle.is_watched, true);
        drop(idle);
        drop(surplus);
        // Without a runtime, as while it shuts down, nothing is idle for long.
        if is_first && let Ok(runtime) = Handle::try_current() {
            runtime.spawn(close_unused(Arc::downgrade(self)));
        }
    }

    /// Closes the connections that are idle for too long, or that the provider has closed. Returns whether
    /// some are left.
    fn close_unused(&self) -> bool {
        let mut idle = self.lock();
        let mut closed = Vec::new();
        for (since, mut connection) in std::mem::take(&mut idle.connections) {
            match since.elapsed() < MAX_IDLE_TIME && connection.is_idle() {
                true => idle.connections.push_back((since, connection)),
                false => closed.push(connection),
            }
        }
        idle.is_watched = !idle.connections.is_empty();
        let is_watched = idle.is_watched;
        // Outside of the lock, since closing a socket takes time.
        drop(idle);
        drop(closed);
        is_watched
    }

    fn lock(&self) -> MutexGuard<'_, Idle<B>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn close_unused<B>(pool: Weak<Pool<B>>)
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    loop {
        sleep(CLOSE_INTERVAL).await;
        match pool.upgrade() {
            Some(pool) if pool.close_unused() => {}
            _ => return,
        }
    }
}

/// Shorter than the idle timeouts of most servers, so that a connection is rarely closed while it is being
/// used.
const MAX_IDLE_TIME: Duration = Duration::from_secs(50);
/// Servers close connections after seconds of idleness, and it takes a round trip until that is seen here.
const STALE_TIME: Duration = Duration::from_millis(100);
const CLOSE_INTERVAL: Duration = Duration::from_secs(10);
const MAX_IDLE: usize = 1024;
