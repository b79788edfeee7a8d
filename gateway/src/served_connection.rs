//! Serves one connection of a client, within its timeouts, until the gateway stops.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use http::Version;
use http_body::{Body, Frame, SizeHint};
use hyper_util::server::graceful::GracefulConnection;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::config::Timeouts;
use crate::running::Running;

/// What a connection is doing. Its requests share it.
#[derive(Debug)]
pub(crate) struct Activity {
    opened: Instant,
    has_request: AtomicBool,
    is_http_2: AtomicBool,
    /// The number of requests whose answers have not ended.
    in_progress: AtomicUsize,
    /// When the last answer ended, in milliseconds since `opened`.
    idle_since: AtomicU64,
}

impl Activity {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            opened: Instant::now(),
            has_request: AtomicBool::new(false),
            is_http_2: AtomicBool::new(false),
            in_progress: AtomicUsize::new(0),
            idle_since: AtomicU64::new(0),
        })
    }

    /// Begins a request, which ends when the value is dropped.
    pub(crate) fn begin(self: &Arc<Self>, version: Version) -> InProgress {
        self.has_request.store(true, Ordering::Relaxed);
        self.is_http_2
            .store(version == Version::HTTP_2, Ordering::Relaxed);
        self.in_progress.fetch_add(1, Ordering::Relaxed);
        InProgress(self.clone())
    }

    /// Returns the time at which the connection is closed unless the head of a request arrives. `None`: there
    /// is none, since a request is in progress or the client speaks HTTP/2.
    ///
    /// hyper's own timeout is one for the first head and for the wait between two requests, which is longer,
    /// and registers a timer for each request. Clients of HTTP/2 are pinged instead.
    fn deadline(&self, timeouts: &Timeouts) -> Option<Instant> {
        if !self.has_request.load(Ordering::Relaxed) {
            return Some(self.opened + timeouts.header.duration());
        }
        if self.is_http_2.load(Ordering::Relaxed) || self.in_progress.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let idle_since = Duration::from_millis(self.idle_since.load(Ordering::Relaxed));
        Some(self.opened + idle_since + timeouts.keep_alive.duration())
    }
}

/// A request in progress.
#[derive(Debug)]
pub(crate) struct InProgress(Arc<Activity>);

impl Drop for InProgress {
    fn drop(&mut self) {
        let open = self.0.opened.elapsed().as_millis();
        self.0
            .idle_since
            .store(u64::try_from(open).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.0.in_progress.fetch_sub(1, Ordering::Relaxed);
    }
}

pin_project! {
    /// The body of an answer, until whose end the request is in progress.
    pub(crate) struct Answered<B> {
        #[pin]
        body: B,
        _in_progress: InProgress,
    }
}

impl<B> Answered<B> {
    pub(crate) fn new(body: B, in_progress: InProgress) -> Self {
        Self {
            body,
            _in_progress: in_progress,
        }
    }
}

impl<B: Body<Data = Bytes>> Body for Answered<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        self.project().body.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

pin_project! {
    /// Completes when the connection has ended, or is closed because no request arrives in time.
    ///
    /// One timer serves all requests. It is moved only when it fires, and then to the deadline of that moment.
    pub(crate) struct ServedConnection<C> {
        #[pin]
        connection: C,
        activity: Arc<Activity>,
        timeouts: Timeouts,
        #[pin]
        timer: Sleep,
        stop: Stop,
    }
}

impl<C> ServedConnection<C> {
    pub(crate) fn new(connection: C, activity: Arc<Activity>, timeouts: Timeouts, running: Running) -> Self {
        // Either timeout may be the shorter one, and the timer is not moved back.
        let first = timeouts.header.duration().min(timeouts.keep_alive.duration());
        let timer = sleep_until(activity.opened + first);
        Self {
            connection,
            activity,
            timeouts,
            timer,
            stop: Stop::Awaited {
                running: running.clone(),
                stopped: Box::pin(async move { running.stopped().await }),
                waker: None,
            },
        }
    }
}

impl<C: GracefulConnection> Future for ServedConnection<C> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if this.stop.has_begun(cx) {
            this.connection.as_mut().graceful_shutdown();
        }
        if this.connection.poll(cx).is_ready() {
            return Poll::Ready(());
        }
        loop {
            ready!(this.timer.as_mut().poll(cx));
            let now = Instant::now();
            let next = match this.activity.deadline(this.timeouts) {
                Some(deadline) if deadline <= now => return Poll::Ready(()),
                Some(deadline) => deadline,
                // The time after the request in progress is not shorter.
                None => now + this.timeouts.keep_alive.duration(),
            };
            this.timer.as_mut().reset(next);
        }
    }
}

/// The wait of a connection for the gateway to stop.
enum Stop {
    Awaited {
        running: Running,
        stopped: Pin<Box<dyn Future<Output = ()> + Send>>,
        /// The waker that `stopped` has. A second poll with the same one would only take a lock that all
        /// connections share.
        waker: Option<Waker>,
    },
    Begun,
}

impl Stop {
    /// Returns whether the gateway stops, once.
    fn has_begun(&mut self, cx: &mut Context<'_>) -> bool {
        let Self::Awaited {
            running,
            stopped,
            waker,
        } = self
        else {
            return false;
        };
        let is_registered = waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if is_registered && !running.is_stopping() {
            return false;
        }
        *waker = Some(cx.waker().clone());
        let has_begun = stopped.as_mut().poll(cx).is_ready();
        if has_begun {
            *self = Self::Begun;
        }
        has_begun
    }
}
