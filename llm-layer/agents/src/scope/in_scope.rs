//! A future, a stream or a body in a scope.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context as Task, Poll};

use futures_core::Stream;
use http_body::{Body, Frame, SizeHint};
use opentelemetry::Context;
use pin_project_lite::pin_project;

use super::failure::Failure;
use super::handle::ScopeHandle;
use super::running::RunningScope;
use super::setup::Scope;

pin_project! {
    /// A future, a stream or a body (`W`) that is polled and dropped with its scope current. `O` is its output, item or error.
    ///
    /// The scope starts with the first poll. Its parent is the context in which this value was made, so it can be spawned. If the
    /// first poll is in a scope beneath that context, as in `workflow("w").run(agent("a").run(…))`, that scope is the parent.
    ///
    /// The scope ends when the future is ready or the stream or body has ended. If this value is dropped before, the span is marked
    /// as failed: `error.type` is `cancelled`.
    ///
    /// # Panics
    ///
    /// A future panics if it is polled after it was ready, as those of `async` functions do.
    #[must_use = "it does nothing unless it is polled"]
    pub struct InScope<W, O> {
        #[pin]
        work: Option<W>,
        judge: fn(&O) -> Option<Failure>,
        deferred: Option<DeferredScope>,
        running: Option<RunningScope>,
    }

    impl<W, O> PinnedDrop for InScope<W, O> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(mut running) = this.running.take() {
                let attached = running.attach();
                this.work.set(None);
                drop(attached);
                running.fail_with(Failure::cancelled());
            }
        }
    }
}

/// A scope that starts with the first poll of its work.
#[derive(Debug)]
pub(super) struct DeferredScope {
    scope: Scope,
    parent: Context,
}

impl DeferredScope {
    pub(super) fn new(scope: Scope) -> Self {
        Self {
            scope,
            parent: Context::current(),
        }
    }

    pub(super) fn start(self) -> RunningScope {
        let Self { scope, parent } = self;
        let nested = Context::map_current(|cx| ScopeHandle::is_beneath(cx, &parent).then(|| cx.clone()));
        scope.start_under(nested.as_ref().unwrap_or(&parent))
    }
}

impl<W, O> InScope<W, O> {
    pub(super) fn new(scope: Scope, work: W, judge: fn(&O) -> Option<Failure>) -> Self {
        Self {
            work: Some(work),
            judge,
            deferred: Some(DeferredScope::new(scope)),
            running: None,
        }
    }

    /// Work whose scope has started.
    pub(super) fn started(running: RunningScope, work: W, judge: fn(&O) -> Option<Failure>) -> Self {
        Self {
            work: Some(work),
            judge,
            deferred: None,
            running: Some(running),
        }
    }

    /// Polls the work in its scope. `None` if the scope has ended.
    ///
    /// `outcome` returns the output, item or error of what was polled, and whether it was the last.
    fn poll_work<T>(
        self: Pin<&mut Self>,
        poll: impl FnOnce(Pin<&mut W>) -> Poll<T>,
        outcome: impl for<'a> FnOnce(&'a T, &W) -> (Option<&'a O>, bool),
    ) -> Option<Poll<T>> {
        let mut this = self.project();
        if let Some(deferred) = this.deferred.take() {
            *this.running = Some(deferred.start());
        }
        // The scope is taken out for the poll, so that a panic ends it.
        let mut running = this.running.take()?;
        let mut work = this.work.as_mut().as_pin_mut()?;
        let attached = running.attach();
        let Poll::Ready(polled) = poll(work.as_mut()) else {
            drop(attached);
            *this.running = Some(running);
            return Some(Poll::Pending);
        };
        let (output, is_last) = outcome(&polled, &work);
        if is_last {
            this.work.set(None);
        }
        drop(attached);
        if let Some(failure) = output.and_then(this.judge) {
            running.fail_with(failure);
        }
        *this.running = (!is_last).then_some(running);
        Some(Poll::Ready(polled))
    }
}

impl<F: Future> Future for InScope<F, F::Output> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Task<'_>) -> Poll<F::Output> {
        let polled = self.poll_work(|future| future.poll(cx), |output, _| (Some(output), true));
        polled.unwrap_or_else(|| unreachable!("a future was polled after it was ready"))
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: Stream> Stream for InScope<S, S::Item> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Task<'_>) -> Poll<Option<S::Item>> {
        let polled = self.poll_work(
            |stream| stream.poll_next(cx),
            |item, _| (item.as_ref(), item.is_none()),
        );
        polled.unwrap_or(Poll::Ready(None))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.work.as_ref().map_or((0, Some(0)), Stream::size_hint)
    }
}

#[deny(clippy::missing_trait_methods)]
impl<B: Body> Body for InScope<B, B::Error> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Task<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let polled = self.poll_work(
            |body| body.poll_frame(cx),
            |frame, body| match frame {
                Some(Ok(frame)) => (None, frame.is_trailers() || body.is_end_stream()),
                Some(Err(error)) => (Some(error), true),
                None => (None, true),
            },
        );
        polled.unwrap_or(Poll::Ready(None))
    }

    fn is_end_stream(&self) -> bool {
        self.work.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.work
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl<W, O> fmt::Debug for InScope<W, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InScope")
            .field("deferred", &self.deferred)
            .field("running", &self.running)
            .finish_non_exhaustive()
    }
}
