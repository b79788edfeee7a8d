//! The future of a call.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::drains::Drains;
use super::mark::IsObserved;
use crate::response::LlmResponse;

pin_project! {
    /// Resolves to the inner service's response, whose body is drained if it is dropped before its end.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct DrainFuture<F> {
        #[pin]
        inner: F,
        drains: Option<(IsObserved, Drains)>,
    }
}

impl<F> DrainFuture<F> {
    pub(super) fn new(inner: F, drains: Option<(IsObserved, Drains)>) -> Self {
        Self { inner, drains }
    }
}

impl<F, R, E> Future for DrainFuture<F>
where
    F: Future<Output = Result<R, E>>,
    R: LlmResponse<Drains>,
{
    type Output = Result<R::Output, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.inner.poll(cx))?;
        let drains = this.drains.take();
        let drains = drains.filter(|(observed, _)| observed.get());
        Poll::Ready(Ok(response.wrapped(drains.map(|(_, drains)| drains))))
    }
}
