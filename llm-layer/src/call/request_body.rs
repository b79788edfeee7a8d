//! The request body that an inner service gets.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::io::IoSlice;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use throughline_tracing_layer::message::WrapBody;
use throughline_tracing_layer::observe::peek;

pin_project! {
    /// A request body that was looked at before it was sent: the frames that were read, then what is left.
    ///
    /// The body of any request that is no model call passes in it as it is. A client behind [`LlmLayer`] is
    /// typed with it: `Client<HttpConnector, RequestBody<Full<Bytes>>>` for a hyper client that is given
    /// `Full<Bytes>`.
    ///
    /// [`LlmLayer`]: crate::LlmLayer
    #[project = Projected]
    pub struct RequestBody<B: Body> {
        read: VecDeque<Frame<B::Data>>,
        // The bytes in `read`: to sum them up again for each frame would be quadratic.
        length: usize,
        error: Option<B::Error>,
        #[pin]
        unread: Option<B>,
        rest: Option<Pin<Box<B>>>,
    }
}

/// Names [`RequestBody`] as the body that requests are sent with: see
/// [`HttpRequest`](throughline_tracing_layer::message::HttpRequest).
#[derive(Debug)]
#[non_exhaustive]
pub struct ReadAhead;

impl WrapBody for ReadAhead {
    type Body<B: Body> = RequestBody<B>;
}

impl<B: Body> RequestBody<B> {
    /// A body that was not read.
    pub(crate) fn untouched(body: B) -> Self {
        Self {
            read: VecDeque::new(),
            length: 0,
            error: None,
            unread: Some(body),
            rest: None,
        }
    }

    /// Returns a copy of this body for a retry, or `None` if reading this body failed.
    ///
    /// What was read is not copied if `B::Data` is cheap to clone, as [`bytes::Bytes`] is.
    #[must_use]
    pub fn try_clone(&self) -> Option<Self>
    where
        B: Clone,
        B::Data: Clone,
    {
        self.try_clone_with(|body| Some(body.clone()))
    }

    /// Returns a copy of this body for a retry, or `None` if reading this body failed or `clone` returns
    /// `None`. `clone` copies the part that was not read.
    ///
    /// If several layers read a body ahead, use `body.try_clone_with(RequestBody::try_clone)`.
    #[must_use]
    pub fn try_clone_with(&self, clone: impl Fn(&B) -> Option<B>) -> Option<Self>
    where
        B::Data: Clone,
    {
        let read: Option<VecDeque<_>> = self.read.iter().map(clone_frame).collect();
        let clone = |body: Option<&B>| body.map_or(Some(None), |body| clone(body).map(Some));
        Some(Self {
            read: read.filter(|_| self.error.is_none())?,
            length: self.length,
            error: None,
            unread: clone(self.unread.as_ref())?,
            rest: clone(self.rest.as_deref())?.map(Box::pin),
        })
    }

    /// A body that will be read.
    pub(crate) fn to_read(body: B) -> Self {
        Self {
            read: VecDeque::new(),
            length: 0,
            error: None,
            unread: None,
            rest: Some(Box::pin(body)),
        }
    }

    /// Reads ahead until the end, an error, or more than `limit` bytes; whether all of it is here.
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>, limit: usize) -> Poll<bool> {
        while let Some(rest) = &self.rest {
            if self.length > limit || rest.size_hint().lower() > (limit - self.length) as u64 {
                return Poll::Ready(false);
            }
            let has_more = std::task::ready!(self.poll_more(cx));
            if !has_more && self.is_failed() || self.is_crowded() {
                return Poll::Ready(false);
            }
        }
        Poll::Ready(true)
    }

    /// Reads one frame ahead. Returns whether there was one.
    pub(crate) fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let Some(rest) = &mut self.rest else {
            return Poll::Ready(false);
        };
        match std::task::ready!(rest.as_mut().poll_frame(cx)) {
            Some(Ok(frame)) => {
                self.length += remaining(&frame);
                self.read.push_back(frame);
                return Poll::Ready(true);
            }
            Some(Err(error)) => self.error = Some(error),
            None => {}
        }
        self.rest = None;
        Poll::Ready(false)
    }

    /// The number of bytes that were read ahead.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Shows some of the data of a frame that was read ahead: behind its first `skip` bytes, a piece that
    /// lies in one place. Nothing is left of trailers, and at the end of the data. `None` if there is no such
    /// frame.
    pub(crate) fn piece<T>(&self, frame: usize, skip: usize, see: impl FnOnce(Piece<'_>) -> T) -> Option<T> {
        let piece = self.read.get(frame)?.data_ref().map(|data| (data, data.chunk()));
        Some(match piece {
            Some((data, chunk)) if chunk.len() == data.remaining() => {
                see(Piece::Bytes(chunk.get(skip..).unwrap_or_default()))
            }
            Some((data, _)) => {
                let mut slices = [IoSlice::new(&[]); 16];
                let filled = data.chunks_vectored(&mut slices);
                let slices = slices.get(..filled).unwrap_or_default();
                let mut to_skip = skip;
                let at = slices.iter().find_map(|slice| match slice.get(to_skip..) {
                    Some(rest) if !rest.is_empty() => Some(rest),
                    _ => {
                        to_skip -= slice.len().min(to_skip);
                        None
                    }
                });
                see(match at {
                    Some(bytes) => Piece::Bytes(bytes),
                    None if skip < data.remaining() => Piece::Hidden,
                    None => Piece::Bytes(&[]),
                })
            }
            None => see(Piece::Bytes(&[])),
        })
    }

    /// Whether the frames that were read ahead take much more room than their data. A body may come byte by
    /// byte, each in a frame of 100 bytes.
    pub(crate) fn is_crowded(&self) -> bool {
        let room = self.read.len().saturating_mul(size_of::<Frame<B::Data>>());
        room > FRAMES_ROOM + self.length / 16
    }

    /// A copy of what was read ahead, in one piece; `None` if it cannot all be seen.
    fn copy(&self) -> Option<Bytes> {
        let mut bytes = Vec::with_capacity(self.length);
        self.read
            .iter()
            .filter_map(Frame::data_ref)
            .all(|data| peek(data, |chunk| bytes.extend_from_slice(chunk)))
            .then(|| bytes.into())
    }

    /// Whether reading it failed.
    pub(crate) fn is_failed(&self) -> bool {
        self.error.is_some()
    }

    /// Whether more than data was read.
    pub(crate) fn has_trailers(&self) -> bool {
        self.read.iter().any(Frame::is_trailers)
    }

    /// Shows what was read, in one piece if it came in one frame; `None` if it cannot all be seen.
    pub(crate) fn with_bytes<T>(&self, see: impl FnOnce(&[u8]) -> T) -> Option<T> {
        let mut data = self.read.iter().filter_map(Frame::data_ref);
        match (data.next(), data.next()) {
            (Some(only), None) if only.chunk().len() == only.remaining() => return Some(see(only.chunk())),
            _ => {}
        }
        self.copy().map(|bytes| see(&bytes))
    }
}

impl<B: Body<Data: 'static>> RequestBody<B> {
    /// What was read ahead, in one piece: shared with the body if it came so, else a copy. `None` if it
    /// cannot all be seen.
    pub(crate) fn shared(&self) -> Option<Bytes> {
        let mut data = self.read.iter().filter_map(Frame::data_ref);
        if let (Some(only), None) = (data.next(), data.next()) {
            let bytes: Option<&Bytes> = (only as &dyn Any).downcast_ref();
            if let Some(bytes) = bytes {
                return Some(bytes.clone());
            }
        }
        self.copy()
    }
}

impl<B: Body<Data = Bytes>> RequestBody<B> {
    /// A body of these bytes.
    pub(crate) fn from_bytes(bytes: Bytes) -> Self {
        Self {
            length: bytes.len(),
            read: VecDeque::from([Frame::data(bytes)]),
            error: None,
            unread: None,
            rest: None,
        }
    }
}

/// What lies in one place of a frame.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Piece<'a> {
    Bytes(&'a [u8]),
    /// There is more, which the buffer does not show.
    Hidden,
}

fn remaining<D: Buf>(frame: &Frame<D>) -> usize {
    frame.data_ref().map_or(0, Buf::remaining)
}

fn clone_frame<D: Clone>(frame: &Frame<D>) -> Option<Frame<D>> {
    let data = frame.data_ref().cloned().map(Frame::data);
    data.or_else(|| frame.trailers_ref().cloned().map(Frame::trailers))
}

impl<B: Body + Default> Default for RequestBody<B> {
    fn default() -> Self {
        Self::untouched(B::default())
    }
}

#[deny(clippy::missing_trait_methods)]
impl<B: Body> Body for RequestBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        if let Some(frame) = this.read.pop_front() {
            *this.length = this.length.saturating_sub(remaining(&frame));
            return Poll::Ready(Some(Ok(frame)));
        }
        if let Some(error) = this.error.take() {
            return Poll::Ready(Some(Err(error)));
        }
        match (this.unread.as_pin_mut(), this.rest) {
            (Some(body), _) => body.poll_frame(cx),
            (None, Some(body)) => body.as_mut().poll_frame(cx),
            (None, None) => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.read.is_empty()
            && self.error.is_none()
            && self.unread.as_ref().is_none_or(Body::is_end_stream)
            && self.rest.as_ref().is_none_or(|rest| rest.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let rest = match (&self.unread, &self.rest) {
            (Some(body), _) => body.size_hint(),
            (None, Some(body)) => body.size_hint(),
            (None, None) if self.error.is_some() => SizeHint::new(),
            (None, None) => SizeHint::with_exact(0),
        };
        let read = self.length as u64;
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(read));
        if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(read)) {
            hint.set_upper(upper);
        }
        hint
    }
}

impl<B: Body> fmt::Debug for RequestBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody")
            .field("read", &self.read.len())
            .field("size", &self.size_hint())
            .finish_non_exhaustive()
    }
}

/// The room that frames may take beside their data: see [`RequestBody::is_crowded`].
const FRAMES_ROOM: usize = 128 * 1024;
