//! The response body that is drained when it is dropped.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::{HeaderMap, StatusCode};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::drains::Drains;
use crate::response::Wrap;

impl<B> Wrap<B> for Drains
where
    B: Body + Send + 'static,
{
    type Body = DrainBody<B>;

    fn wants(&self, status: StatusCode, _: &mut HeaderMap) -> bool {
        status.is_success()
    }

    fn wrap(drains: Option<Self>, body: B) -> DrainBody<B> {
        match drains {
            Some(drains) => DrainBody {
                passing: None,
                body: Some(Box::pin(body)),
                drains: Some(drains),
            },
            None => DrainBody {
                passing: Some(body),
                body: None,
                drains: None,
            },
        }
    }
}

pin_project! {
    /// Passes the frames of the inner body. If it is dropped before its end, a drain reads the rest.
    ///
    /// A body that can be drained is boxed, since it moves into the drain after it was polled. Other bodies
    /// stay in place: only one of `passing` and `body` is set.
    #[project = Projected]
    #[derive(Debug)]
    pub struct DrainBody<B>
    where
        B: Body,
        B: Send,
        B: 'static,
    {
        #[pin]
        passing: Option<B>,
        body: Option<Pin<Box<B>>>,
        // `None` when the body has ended: then there is nothing to drain.
        drains: Option<Drains>,
    }

    impl<B> PinnedDrop for DrainBody<B>
    where
        B: Body,
        B: Send,
        B: 'static,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let (Some(body), Some(drains)) = (this.body.take(), this.drains.take()) {
                if !body.is_end_stream() {
                    drains.read(body);
                }
            }
        }
    }
}

impl<B: Body + Default + Send + 'static> Default for DrainBody<B> {
    /// Returns the default of the inner body, for outer layers that answer without calling the service.
    fn default() -> Self {
        Drains::wrap(None, B::default())
    }
}

#[deny(clippy::missing_trait_methods)]
impl<B: Body + Send + 'static> Body for DrainBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let Projected {
            passing,
            body,
            drains,
        } = self.project();
        if let Some(passing) = passing.as_pin_mut() {
            return passing.poll_frame(cx);
        }
        // Taken out while it is polled: a body that panics is not put back, and so never drained.
        let Some(mut reading) = body.take() else {
            return Poll::Ready(None);
        };
        let polled = reading.as_mut().poll_frame(cx);
        *body = Some(reading);
        match &polled {
            Poll::Ready(Some(Ok(frame))) if frame.is_data() => {}
            // The end, an error or trailers, behind which no data can come.
            Poll::Ready(_) => *drains = None,
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match (&self.passing, &self.body) {
            (Some(body), _) => body.is_end_stream(),
            (None, Some(body)) => body.is_end_stream(),
            (None, None) => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.passing, &self.body) {
            (Some(body), _) => body.size_hint(),
            (None, Some(body)) => body.size_hint(),
            (None, None) => SizeHint::with_exact(0),
        }
    }
}
