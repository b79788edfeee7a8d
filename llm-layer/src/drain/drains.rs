//! The state that the calls of a layer share, and the work of one drain.
//!
//! A call is made in a context with a [`DrainSignal`]. If a [`LlmLayer`](crate::LlmLayer) inside observes the
//! call, it registers with the signal; other calls are dropped as usual. When the caller drops such a call or
//! its body, [`Drains::start`] reserves a [`Slot`], sets the time at which the caller left, and spawns a
//! [`Drain`] that polls the rest. The drain ends when the rest is done, when a limit is reached, or when
//! [`DrainLayer::wait_idle`](super::DrainLayer::wait_idle) cuts it off. Dropping the rest then ends the span.

use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll, ready};
use std::time::Duration;

use bytes::Buf;
use http_body::Body;
use opentelemetry::Context;
use throughline_tracing_layer::message::HttpResponse;

use super::executor::{Executor, Work};
use super::open::{Open, Slot};
use crate::drain_signal::DrainSignal;
use throughline_agents::model_call::is_observed;
use throughline_agents::scope::{OpenCall, ScopeHandle};

/// The drains of a [`DrainLayer`](super::DrainLayer). Each call that may need one has a clone. It names
/// [`DrainBody`](super::DrainBody) as the body of answers: see [`HttpResponse`].
#[derive(Clone)]
pub struct Drains {
    pub(super) executor: Arc<dyn Executor>,
    pub(super) limits: Limits,
    pub(super) open: Arc<Open>,
    /// The scope of the call.
    pub(super) scoped: Option<ScopeHandle>,
    pub(super) signal: DrainSignal,
}

/// The limits of drains: how many are open at once, and how many bytes and how much time each one has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) count: usize,
    pub(super) bytes: u64,
    pub(super) time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            count: 64,
            bytes: 1024 * 1024,
            time: Duration::from_secs(30),
        }
    }
}

impl Drains {
    /// Makes a call. Returns drains for it, unless an outer [`LlmLayer`](crate::LlmLayer) already observes it
    /// or telemetry is suppressed: then nothing inside would record the rest.
    pub(super) fn around<F>(&self, call: impl FnOnce() -> F) -> (F, Option<Self>) {
        if !Context::map_current(is_observed) {
            return (call(), None);
        }
        let signal = DrainSignal::default();
        let scoped = Context::map_current(|cx| cx.get().cloned());
        let _attached = signal.context().attach();
        let drains = Self {
            scoped,
            signal,
            ..self.clone()
        };
        (call(), Some(drains))
    }

    /// Returns whether a [`LlmLayer`](crate::LlmLayer) inside observes the call.
    pub(super) fn is_observed(&self) -> bool {
        self.signal.is_observed()
    }

    /// Waits for a response and reads its body in the background, unless too many drains are open.
    pub(super) fn wait<F, R, E>(&self, response: Pin<Box<F>>)
    where
        F: Future<Output = Result<R, E>> + Send + 'static,
        R: HttpResponse<Drains, Body: Send + 'static>,
    {
        let limit = self.limits.bytes;
        self.start(async move {
            // The bodies of errors report no usage.
            let is_success = |response: &R| response.head().status.is_success();
            let body = response.await.ok().filter(is_success).map(R::into_body);
            if let Some(body) = body {
                read(Box::pin(body), limit).await;
            }
        });
    }

    /// Reads the rest of a body in the background, unless too many drains are open.
    pub(super) fn read<B: Body + Send + 'static>(&self, body: Pin<Box<B>>) {
        self.start(read(body, self.limits.bytes));
    }

    fn start(&self, rest: impl Future<Output = ()> + Send + 'static) {
        let Some(slot) = self.open.reserve(self.limits.count) else {
            return;
        };
        // Before `rest` can run: the observer must not take the end of the drain for that of the call.
        self.signal.abandon();
        let drain = Box::pin(Drain {
            rest: Box::pin(rest),
            time: self.limits.time,
            timer: None,
            executor: self.executor.clone(),
            _hold: self.scoped.as_ref().map(ScopeHandle::hold),
            slot,
        });
        // This runs in the caller's drop, in which a panic of the executor could abort the process.
        let _ = catch_unwind(AssertUnwindSafe(|| self.executor.spawn(drain)));
    }

    /// Waits up to `within` until no drain is open. Returns whether none is.
    pub(super) async fn none_open(&self, within: Duration) -> bool {
        let mut timer = self.executor.sleep(within);
        poll_fn(|cx| match self.open.poll_empty(cx) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending => timer.as_mut().poll(cx).map(|()| false),
        })
        .await
    }
}

/// Reads a body until it ends, or until it exceeds `limit` bytes.
fn read<B: Body>(mut body: Pin<Box<B>>, mut limit: u64) -> impl Future<Output = ()> {
    poll_fn(move |cx| {
        for _ in 0..MAX_FRAMES_PER_POLL {
            let Some(Ok(frame)) = ready!(body.as_mut().poll_frame(cx)) else {
                return Poll::Ready(());
            };
            let bytes = frame.data_ref().map_or(0, Buf::remaining) as u64;
            match limit.checked_sub(bytes) {
                Some(remaining) => limit = remaining,
                None => return Poll::Ready(()),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

/// Polls the rest of a call until it is done, its time is over, or it is cut off.
struct Drain {
    rest: Work,
    time: Duration,
    timer: Option<Work>,
    executor: Arc<dyn Executor>,
    // These two are released after `rest` is dropped, since fields drop in order: the scope stays open until
    // the call is in its totals, and `wait_idle` returns only when the span has ended.
    _hold: Option<OpenCall>,
    slot: Slot,
}

impl Future for Drain {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<()> {
        let this = &mut *self;
        // Started in spawned work, since timers of a runtime may only be created inside it.
        let timer = this.timer.get_or_insert_with(|| this.executor.sleep(this.time));
        if this.slot.poll_cut_off(cx).is_ready() || timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        this.rest.as_mut().poll(cx)
    }
}

impl fmt::Debug for Drains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drains")
            .field("limits", &self.limits)
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}

/// The number of frames after which a drain yields to other tasks.
const MAX_FRAMES_PER_POLL: usize = 64;
