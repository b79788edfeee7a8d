//! What the calls of a layer share, and the work of one drain.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Buf;
use http_body::Body;

use super::executor::{Executor, Work};
use super::mark;
use super::open::{Open, Room};
use crate::scope::{Hold, Scoped};

/// The drains of a [`DrainLayer`](super::DrainLayer), for the bodies that may need one.
#[derive(Clone)]
pub struct Drains {
    pub(super) executor: Arc<dyn Executor>,
    pub(super) limits: Limits,
    pub(super) open: Arc<Open>,
    /// The scope of the call.
    pub(super) scoped: Option<Scoped>,
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
    /// Reads the rest of a body, if there is room; else drops it.
    pub(super) fn start<B: Body + Send + 'static>(&self, body: Pin<Box<B>>) {
        let Some(room) = self.open.enter(self.limits.count) else {
            return;
        };
        let drain = Box::pin(Drain {
            body: Some(body),
            left: self.limits.bytes,
            time: self.limits.time,
            timer: None,
            executor: self.executor.clone(),
            context: mark::of_a_drain(),
            _hold: self.scoped.as_ref().map(Scoped::hold),
            room,
        });
        // It is the caller's drop that this happens in.
        let _ = catch_unwind(AssertUnwindSafe(|| self.executor.spawn(drain)));
    }

    /// Waits until no drain is open, at most so long; whether none is.
    pub(super) async fn none_open(&self, within: Duration) -> bool {
        let mut timer = self.executor.sleep(within);
        std::future::poll_fn(|cx| match self.open.poll_empty(cx) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending => timer.as_mut().poll(cx).map(|()| false),
        })
        .await
    }
}

/// Reads a body until it ends or a bound is reached, then drops it.
struct Drain<B: Body> {
    body: Option<Pin<Box<B>>>,
    /// How many bytes may still come.
    left: u64,
    time: Duration,
    timer: Option<Work>,
    executor: Arc<dyn Executor>,
    context: opentelemetry::Context,
    // Given back after the body is dropped.
    _hold: Option<Hold>,
    room: Room,
}

impl<B: Body> Drain<B> {
    /// Ready when the body has ended or may go on no longer.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| self.executor.sleep(self.time));
        if self.room.poll_cut_off(cx).is_ready() || timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        for _ in 0..FRAMES_A_TURN {
            let Some(body) = &mut self.body else {
                return Poll::Ready(());
            };
            let Some(Ok(frame)) = ready!(body.as_mut().poll_frame(cx)) else {
                return Poll::Ready(());
            };
            let bytes = frame.data_ref().map_or(0, Buf::remaining) as u64;
            match self.left.checked_sub(bytes) {
                Some(left) => self.left = left,
                None => return Poll::Ready(()),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<B: Body> Future for Drain<B> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let _attached = self.context.clone().attach();
        ready!(self.poll_read(cx));
        self.body = None;
        Poll::Ready(())
    }
}

impl<B: Body> Drop for Drain<B> {
    fn drop(&mut self) {
        let _attached = self.context.clone().attach();
        self.body = None;
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
