//! The response body without the added event.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use throughline_tracing_layer::message::{Head, HttpResponse, WrapBody};

use super::cutter::Cutter;
use crate::call::is_encoded;

/// Names [`IncludeUsageBody`] as the body of answers: see [`HttpResponse`].
#[derive(Debug)]
#[non_exhaustive]
pub struct UsageRequested;

impl WrapBody for UsageRequested {
    type Body<B: Body> = IncludeUsageBody<B>;
}

pin_project! {
    /// Passes the frames of the inner body, without the event that the option added.
    pub struct IncludeUsageBody<B>
    where
        B: Body,
    {
        #[pin]
        inner: B,
        cutting: Option<Box<Cutting<B::Error>>>,
    }
}

/// Wraps the body of an answer whose request got the option, if it is a stream. Other bodies pass.
pub(super) fn without_usage_event<R>(mut response: R) -> R::Output
where
    R: HttpResponse<UsageRequested>,
{
    if !is_stream(response.head()) {
        return response.unchanged(IncludeUsageBody::passing);
    }
    response.headers_mut().remove(CONTENT_LENGTH);
    response.map_body(|inner| IncludeUsageBody {
        inner,
        cutting: Some(Box::default()),
    })
}

/// Returns whether a response is a successful stream of events that can be read.
fn is_stream(head: Head<'_>) -> bool {
    let content_type = head.headers.get(CONTENT_TYPE).map(|value| value.as_bytes());
    let essence = content_type.and_then(|value| value.split(|byte| *byte == b';').next());
    head.status.is_success()
        && essence.is_some_and(|essence| essence.trim_ascii().eq_ignore_ascii_case(b"text/event-stream"))
        && !is_encoded(head.headers)
}

impl<B: Body> IncludeUsageBody<B> {
    /// A body that passes unchanged.
    pub(super) fn passing(inner: B) -> Self {
        Self { inner, cutting: None }
    }
}

/// The state between the inner body and the caller.
struct Cutting<E> {
    cutter: Cutter,
    out: VecDeque<Bytes>,
    last: Last<E>,
}

/// What follows the data in `out`.
enum Last<E> {
    Unknown,
    Next(Result<Frame<Bytes>, E>),
    End,
}

impl<E> Default for Cutting<E> {
    fn default() -> Self {
        Self {
            cutter: Cutter::default(),
            out: VecDeque::new(),
            last: Last::Unknown,
        }
    }
}

impl<E> Cutting<E> {
    /// Returns the next item that is available without polling the inner body.
    fn next(&mut self) -> Option<Option<Result<Frame<Bytes>, E>>> {
        if let Some(data) = self.out.pop_front() {
            return Some(Some(Ok(Frame::data(data))));
        }
        match std::mem::replace(&mut self.last, Last::Unknown) {
            Last::Unknown => None,
            Last::Next(last) => Some(Some(last)),
            Last::End => {
                self.last = Last::End;
                Some(None)
            }
        }
    }

    /// Processes an item of the inner body.
    fn take(&mut self, polled: Option<Result<Frame<Bytes>, E>>) {
        self.last = match polled {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) if data.is_empty() => Last::Next(Ok(Frame::data(data))),
                Ok(data) => return self.cutter.feed(&data, &mut self.out),
                Err(trailers) => Last::Next(Ok(trailers)),
            },
            Some(Err(error)) => Last::Next(Err(error)),
            None => Last::End,
        };
        if !matches!(&self.last, Last::Next(Ok(frame)) if frame.is_data()) {
            self.cutter.finish(&mut self.out);
        }
    }

    /// Returns the number of bytes that are ready, and whether all further bytes will pass.
    fn ready_bytes(&self) -> (u64, bool) {
        let out: usize = self.out.iter().map(Bytes::len).sum();
        (out as u64, self.cutter.is_done())
    }
}

impl<B: Body + Default> Default for IncludeUsageBody<B> {
    /// Returns the default of the inner body, for outer layers that answer without calling the service.
    fn default() -> Self {
        Self::passing(B::default())
    }
}

#[deny(clippy::missing_trait_methods)]
impl<B> Body for IncludeUsageBody<B>
where
    B: Body<Data = Bytes>,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        let Some(cutting) = this.cutting else {
            return this.inner.poll_frame(cx);
        };
        loop {
            if let Some(next) = cutting.next() {
                return Poll::Ready(next);
            }
            let polled = ready!(this.inner.as_mut().poll_frame(cx));
            cutting.take(polled);
        }
    }

    fn is_end_stream(&self) -> bool {
        match self.cutting.as_deref() {
            None => self.inner.is_end_stream(),
            Some(Cutting { out, last, cutter }) => match last {
                _ if !out.is_empty() => false,
                Last::Unknown => cutter.held() == 0 && self.inner.is_end_stream(),
                Last::Next(_) => false,
                Last::End => true,
            },
        }
    }

    fn size_hint(&self) -> SizeHint {
        let inner = self.inner.size_hint();
        let Some(cutting) = &self.cutting else {
            return inner;
        };
        let (out, all_pass) = cutting.ready_bytes();
        let lower = if all_pass { inner.lower() } else { 0 };
        let upper = inner
            .upper()
            .map(|upper| upper.saturating_add(cutting.cutter.held() as u64));
        let mut hint = SizeHint::new();
        hint.set_lower(lower.saturating_add(out));
        if let Some(upper) = upper.and_then(|upper| upper.checked_add(out)) {
            hint.set_upper(upper);
        }
        hint
    }
}

impl<B: Body + fmt::Debug> fmt::Debug for IncludeUsageBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncludeUsageBody")
            .field("inner", &self.inner)
            .field("cutter", &self.cutting.as_ref().map(|cutting| &cutting.cutter))
            .finish_non_exhaustive()
    }
}
