//! The response body that is drained when it is dropped.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use throughline_tracing_layer::message::WrapBody;

use super::drains::Drains;

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
    {
        #[pin]
        passing: Option<B>,
        body: Option<Pin<Box<B>>>,
        // `None` when the body has ended: then there is nothing to drain. [`Drains::read`] for this type is a
        // pointer, since `Drop` has no bounds.
        drains: Option<(Drains, Read<B>)>,
    }

    impl<B> PinnedDrop for DrainBody<B>
    where
        B: Body,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let (Some(body), Some((drains, read))) = (this.body.take(), this.drains.take()) {
                if !body.is_end_stream() {
                    read(&drains, body);
                }
            }
        }
    }
}

impl WrapBody for Drains {
    type Body<B: Body> = DrainBody<B>;
}

type Read<B> = fn(&Drains, Pin<Box<B>>);

impl<B: Body> DrainBody<B> {
    /// A body that is drained.
    pub(super) fn drained(body: B, drains: Drains) -> Self
    where
        B: Send + 'static,
    {
        Self {
            passing: None,
            body: Some(Box::pin(body)),
            drains: Some((drains, Drains::read)),
        }
    }

    /// A body that passes unchanged.
    pub(super) fn passing(body: B) -> Self {
        Self {
            passing: Some(body),
            body: None,
            drains: None,
        }
    }
}

impl<B: Body + Default> Default for DrainBody<B> {
    /// Returns the default of the inner body, for outer layers that answer without calling the service.
    fn default() -> Self {
        Self::passing(B::default())
    }
}

#[deny(clippy::missing_trait_methods)]
impl<B: Body> Body for DrainBody<B> {
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
