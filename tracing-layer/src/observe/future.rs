//! The future of an observed response.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::guard::end;
use super::response::{observed, unobserved};
use super::{Cause, End, EndGuard, Observe};
use crate::message::HttpResponse;

pin_project! {
    /// Resolves to the inner response with the observer in its body.
    #[project = Projected]
    #[derive(Debug)]
    pub struct ResponseFuture<F, O: Observe> {
        #[pin]
        inner: Option<F>,
        guard: Option<EndGuard<O>>,
    }

    impl<F, O: Observe> PinnedDrop for ResponseFuture<F, O> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(guard) = this.guard {
                guard.poll(|| this.inner.set(None));
            }
        }
    }
}

impl<F, O: Observe> ResponseFuture<F, O> {
    /// Calls `call` in the context of the observer and observes the response. `call` calls the inner service.
    /// Without an observer, the response passes unchanged.
    #[inline]
    pub fn start(observer: Option<O>, call: impl FnOnce() -> F) -> Self {
        let Some(observer) = observer else {
            return Self::unobserved(call());
        };
        // An observer is large. It is moved to its place before the call.
        let mut this = Self {
            inner: None,
            guard: Some(EndGuard::new(observer)),
        };
        if let Some(guard) = &mut this.guard {
            this.inner = Some(guard.attached(call));
            guard.called();
        }
        this
    }

    #[inline]
    pub(super) fn unobserved(inner: F) -> Self {
        Self {
            inner: Some(inner),
            guard: None,
        }
    }
}

#[cfg(test)]
impl<F, O: Observe> ResponseFuture<F, O> {
    /// Creates a future whose service was called, for a guard of a test.
    pub(super) fn new(inner: F, mut guard: EndGuard<O>) -> Self {
        guard.called();
        Self {
            inner: Some(inner),
            guard: Some(guard),
        }
    }
}

/// # Panics
///
/// If it is polled after it was ready, like the futures of `async` functions.
impl<F, O, R, E> Future for ResponseFuture<F, O>
where
    F: Future<Output = Result<R, E>>,
    R: HttpResponse<O>,
    O: Observe,
    E: fmt::Display + 'static,
{
    type Output = Result<R::Output, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Projected { mut inner, guard } = self.project();
        // A future that is ready is dropped immediately, while its context is still attached.
        let mut work = || {
            // `Pending` without a registered waker would let the caller wait forever.
            let Some(future) = inner.as_mut().as_pin_mut() else {
                polled_when_ready()
            };
            let polled = future.poll(cx);
            if polled.is_ready() {
                inner.set(None);
            }
            polled
        };
        let Some(watch) = guard else {
            return work().map_ok(unobserved);
        };
        let result = ready!(watch.poll(work));
        Poll::Ready(match result {
            Ok(response) => Ok(observed(response, guard)),
            Err(error) => {
                end(guard, End::ServiceError(Cause::new(&error)));
                Err(error)
            }
        })
    }
}

#[cold]
fn polled_when_ready() -> ! {
    unreachable!("a response future was polled after it was ready")
}
