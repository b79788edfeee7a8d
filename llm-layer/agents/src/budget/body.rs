//! The body of a response that may be a refusal.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The inner service's body, unchanged, or the text of a refusal.
    #[derive(Debug)]
    pub struct BudgetBody<B> {
        #[pin]
        inner: Option<B>,
        refusal: Option<Bytes>,
    }
}

impl<B> BudgetBody<B> {
    pub(super) fn passed(inner: B) -> Self {
        Self {
            inner: Some(inner),
            refusal: None,
        }
    }

    pub(super) fn refused(text: Bytes) -> Self {
        Self {
            inner: None,
            refusal: Some(text),
        }
    }
}

impl<B: Default> Default for BudgetBody<B> {
    fn default() -> Self {
        Self::passed(B::default())
    }
}

#[deny(clippy::missing_trait_methods)]
impl<B: Body<Data: From<Bytes>>> Body for BudgetBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        match this.inner.as_pin_mut() {
            Some(inner) => inner.poll_frame(cx),
            None => Poll::Ready(this.refusal.take().map(|text| Ok(Frame::data(text.into())))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Some(inner) => inner.is_end_stream(),
            None => self.refusal.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Some(inner) => inner.size_hint(),
            None => SizeHint::with_exact(self.refusal.as_ref().map_or(0, Bytes::len) as u64),
        }
    }
}
