//! The future of a call.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use throughline_tracing_layer::message::HttpResponse;

use super::body::DrainBody;
use super::drains::Drains;

/// Resolves to the response of the inner service, whose body is drained if it is dropped before its end. If
/// the future itself is dropped between its first poll and its end, the response is awaited in the
/// background.
#[must_use = "futures do nothing unless polled"]
pub struct DrainFuture<F> {
    // `None` when it is ready or has panicked. Boxed, since it moves into the drain after it was polled.
    inner: Option<Pin<Box<F>>>,
    drains: Option<Drains>,
    polled: bool,
    /// [`Drains::wait`] for this type, as a pointer, since `Drop` has no bounds. `None` if `F` may borrow.
    wait: Option<Wait<F>>,
}

type Wait<F> = fn(&Drains, Pin<Box<F>>);

impl<F> DrainFuture<F> {
    pub(super) fn body_only(inner: F, drains: Option<Drains>) -> Self {
        Self {
            inner: Some(Box::pin(inner)),
            drains,
            polled: false,
            wait: None,
        }
    }
}

impl<F, R, E> DrainFuture<F>
where
    F: Future<Output = Result<R, E>> + Send + 'static,
    R: HttpResponse<Drains, Body: Send + 'static>,
{
    pub(super) fn whole(inner: F, drains: Option<Drains>) -> Self {
        let mut future = Self::body_only(inner, drains);
        future.wait = Some(Drains::wait);
        future
    }
}

impl<F, R, E> Future for DrainFuture<F>
where
    F: Future<Output = Result<R, E>>,
    R: HttpResponse<Drains, Body: Send + 'static>,
{
    type Output = Result<R::Output, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(mut inner) = self.inner.take() else {
            return Poll::Pending;
        };
        self.polled = true;
        let polled = inner.as_mut().poll(cx);
        if polled.is_pending() {
            self.inner = Some(inner);
        }
        let response = ready!(polled)?;
        let drains = self.drains.take().filter(Drains::is_observed);
        Poll::Ready(Ok(match drains {
            Some(drains) if response.head().status.is_success() => {
                response.map_body(|body| DrainBody::drained(body, drains))
            }
            _ => response.unchanged(DrainBody::passing),
        }))
    }
}

impl<F> Drop for DrainFuture<F> {
    fn drop(&mut self) {
        // Nothing was sent before the first poll.
        let Some(wait) = self.wait.filter(|_| self.polled) else {
            return;
        };
        let drains = self.drains.take().filter(Drains::is_observed);
        if let (Some(inner), Some(drains)) = (self.inner.take(), drains) {
            wait(&drains, inner);
        }
    }
}

impl<F> fmt::Debug for DrainFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DrainFuture")
            .field("drains", &self.drains)
            .finish_non_exhaustive()
    }
}
