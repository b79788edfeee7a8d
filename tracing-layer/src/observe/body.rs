//! The body of an observed response.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::guard::end;
use super::{Cause, End, EndGuard, Observe};

pin_project! {
    /// Passes the frames of the inner body unchanged, and shows them to the observer.
    #[project = Projected]
    #[derive(Debug)]
    pub struct ResponseBody<B, O>
    where
        B: Body,
        O: Observe,
    {
        #[pin]
        inner: Option<B>,
        remaining: Option<u64>,
        guard: Option<EndGuard<O>>,
    }

    impl<B, O> PinnedDrop for ResponseBody<B, O>
    where
        B: Body,
        O: Observe,
    {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(guard) = this.guard {
                let ended = *this.remaining == Some(0)
                    || this.inner.as_ref().get_ref().as_ref().is_some_and(Body::is_end_stream);
                guard.poll(|| this.inner.set(None));
                if ended {
                    end(this.guard, End::Complete);
                }
            }
        }
    }
}

impl<B: Body, O: Observe> ResponseBody<B, O> {
    /// Creates a body. If it has a `length`, the caller may stop polling after that many bytes.
    #[inline]
    pub(crate) fn new(inner: B, length: Option<u64>, guard: Option<EndGuard<O>>) -> Self {
        let mut this = Self {
            inner: Some(inner),
            remaining: length,
            guard,
        };
        if let Some(guard) = &mut this.guard {
            guard.called();
        }
        this
    }
}

impl<B: Body + Default, O: Observe> Default for ResponseBody<B, O> {
    /// Returns the default of the inner body without an observer, for outer layers that answer without
    /// calling the service.
    fn default() -> Self {
        Self::new(B::default(), None, None)
    }
}

#[deny(clippy::missing_trait_methods)]
impl<B, O> Body for ResponseBody<B, O>
where
    B: Body<Error: fmt::Display + 'static>,
    O: Observe,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let Projected {
            mut inner,
            remaining,
            guard,
        } = self.project();
        let Some(mut body) = inner.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        let Some(watch) = guard else {
            return body.poll_frame(cx);
        };
        if let Some(observer) = watch.observer() {
            observer.on_poll();
        }
        let polled = ready!(watch.poll(|| body.as_mut().poll_frame(cx)));
        if let (Some(Ok(frame)), Some(observer)) = (&polled, watch.observer()) {
            observer.on_frame(frame);
            let bytes = frame.data_ref().map_or(0, Buf::remaining) as u64;
            *remaining = remaining.and_then(|remaining| remaining.checked_sub(bytes));
        }
        if let Some(ending) = end_of(polled.as_ref(), body.is_end_stream()) {
            end(guard, ending);
        }
        Poll::Ready(polled)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

/// Returns how the exchange ended, if what the body yielded was its last item.
fn end_of<D, E: fmt::Display + 'static>(
    polled: Option<&Result<Frame<D>, E>>,
    is_end_stream: bool,
) -> Option<End<'_>> {
    match polled {
        None => Some(End::Complete),
        Some(Err(error)) => Some(End::BodyError(Cause::new(error))),
        Some(Ok(frame)) if frame.is_trailers() => Some(End::Trailers),
        Some(Ok(_)) => is_end_stream.then_some(End::Complete),
    }
}
