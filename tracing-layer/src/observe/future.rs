//! The future of an observed response.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::{Armed, Cause, End, Observe, Observed};

pin_project! {
    /// Resolves to the inner response with the observer in its body.
    #[project = Projected]
    #[derive(Debug)]
    pub struct ResponseFuture<F, O: Observe> {
        #[pin]
        inner: Option<F>,
        armed: Option<Armed<O>>,
    }

    impl<F, O: Observe> PinnedDrop for ResponseFuture<F, O> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(mut armed) = this.armed.take() {
                armed.poll(|| this.inner.set(None));
            }
        }
    }
}

impl<F, O: Observe> ResponseFuture<F, O> {
    /// Makes `call`, the inner service's, in the observer's context, and observes the response. Without an observer, lets
    /// it pass.
    #[inline]
    pub fn start(observer: Option<O>, call: impl FnOnce() -> F) -> Self {
        match observer {
            Some(observer) => {
                let armed = Armed::new(observer);
                Self::new(armed.attached(call), armed)
            }
            None => Self::unobserved(call()),
        }
    }

    #[inline]
    pub(super) fn new(inner: F, armed: Armed<O>) -> Self {
        Self {
            inner: Some(inner),
            armed: Some(armed.called()),
        }
    }

    #[inline]
    pub(super) fn unobserved(inner: F) -> Self {
        Self {
            inner: Some(inner),
            armed: None,
        }
    }
}

/// # Panics
///
/// If it is polled after it was ready, as the futures of `async` functions.
impl<F, O, R, E> Future for ResponseFuture<F, O>
where
    F: Future<Output = Result<R, E>>,
    R: Observed<O>,
    O: Observe,
    E: fmt::Display + 'static,
{
    type Output = Result<R::Output, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Projected { mut inner, armed } = self.project();
        // A future that is ready is dropped at once, while its context is still attached.
        let mut work = || {
            // To be pending with nobody to wake would let the caller wait for ever.
            let Some(future) = inner.as_mut().as_pin_mut() else {
                polled_when_ready()
            };
            let polled = future.poll(cx);
            if polled.is_ready() {
                inner.set(None);
            }
            polled
        };
        let Some(watch) = armed else {
            return work().map_ok(R::unobserved);
        };
        let result = ready!(watch.poll(work));
        let Some(armed) = armed.take() else {
            polled_when_ready()
        };
        Poll::Ready(match result {
            Ok(response) => Ok(response.observed(armed)),
            Err(error) => {
                armed.end(End::ServiceError(Cause::new(&error)));
                Err(error)
            }
        })
    }
}

#[cold]
fn polled_when_ready() -> ! {
    unreachable!("a response future was polled after it was ready")
}
