//! What the calls of a layer share, and the work of one drain.

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

use super::executor::{Executor, Work};
use super::open::{Open, Room};
use super::response::Drainable;
use crate::drain_signal::DrainSignal;
use throughline_agents::model_call::is_observed;
use throughline_agents::scope::{OpenCall, ScopeHandle};

/// The drains of a [`DrainLayer`](super::DrainLayer), for the calls that may need one.
#[derive(Clone)]
pub struct Drains {
    pub(super) executor: Arc<dyn Executor>,
    pub(super) limits: Limits,
    pub(super) open: Arc<Open>,
    /// The scope of the call.
    pub(super) scoped: Option<ScopeHandle>,
    pub(super) mark: DrainSignal,
}

/// The bounds of drains.
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
    /// Makes a call, and gives the drains for it if somebody would learn what they read.
    pub(super) fn around<F>(&self, call: impl FnOnce() -> F) -> (F, Option<Self>) {
        if !Context::map_current(is_observed) {
            return (call(), None);
        }
        let mark = DrainSignal::default();
        let scoped = Context::map_current(|cx| cx.get().cloned());
        let _attached = mark.context().attach();
        let drains = Self {
            scoped,
            mark,
            ..self.clone()
        };
        (call(), Some(drains))
    }

    pub(super) fn is_observed(&self) -> bool {
        self.mark.is_observed()
    }

    /// Waits for a response and reads its body, if there is room; else drops it.
    pub(super) fn wait<F, R, E>(&self, response: Pin<Box<F>>)
    where
        F: Future<Output = Result<R, E>> + Send + 'static,
        R: Drainable,
    {
        let most = self.limits.bytes;
        self.start(async move {
            let body = response.await.ok().and_then(Drainable::rest);
            if let Some(body) = body {
                read(Box::pin(body), most).await;
            }
        });
    }

    /// Reads the rest of a body, if there is room; else drops it.
    pub(super) fn read<B: Body + Send + 'static>(&self, body: Pin<Box<B>>) {
        self.start(read(body, self.limits.bytes));
    }

    fn start(&self, rest: impl Future<Output = ()> + Send + 'static) {
        let Some(room) = self.open.enter(self.limits.count) else {
            return;
        };
        self.mark.leave();
        let drain = Box::pin(Drain {
            rest: Box::pin(rest),
            time: self.limits.time,
            timer: None,
            executor: self.executor.clone(),
            _hold: self.scoped.as_ref().map(ScopeHandle::hold),
            room,
        });
        // It is the caller's drop that this happens in.
        let _ = catch_unwind(AssertUnwindSafe(|| self.executor.spawn(drain)));
    }

    /// Waits until no drain is open, at most so long; whether none is.
    pub(super) async fn none_open(&self, within: Duration) -> bool {
        let mut timer = self.executor.sleep(within);
        poll_fn(|cx| match self.open.poll_empty(cx) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending => timer.as_mut().poll(cx).map(|()| false),
        })
        .await
    }
}

/// Reads a body until it ends, or more than so many bytes have come.
fn read<B: Body>(mut body: Pin<Box<B>>, mut most: u64) -> impl Future<Output = ()> {
    poll_fn(move |cx| {
        for _ in 0..FRAMES_A_TURN {
            let Some(Ok(frame)) = ready!(body.as_mut().poll_frame(cx)) else {
                return Poll::Ready(());
            };
            let bytes = frame.data_ref().map_or(0, Buf::remaining) as u64;
            match most.checked_sub(bytes) {
                Some(left) => most = left,
                None => return Poll::Ready(()),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

/// Does the rest of a call until it is done or may go on no longer.
struct Drain {
    rest: Work,
    time: Duration,
    timer: Option<Work>,
    executor: Arc<dyn Executor>,
    // Given back after the rest is dropped.
    _hold: Option<OpenCall>,
    room: Room,
}

impl Future for Drain {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let timer = this.timer.get_or_insert_with(|| this.executor.sleep(this.time));
        if this.room.poll_cut_off(cx).is_ready() || timer.as_mut().poll(cx).is_ready() {
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

/// After so many frames, others have their turn.
const FRAMES_A_TURN: usize = 64;
