//! The body of a provider's answer, which holds the connection until it ends.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::connection::Connection;
use super::pool::Pool;
use crate::body::{BodyError, BoxError, body_error};

/// The body of an answer. It returns the connection to the pool at its end, and closes it if it is dropped
/// before.
pub(crate) struct ResponseBody<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    incoming: Incoming,
    /// `None`: the body has ended.
    connection: Option<Box<Connection<B>>>,
    pool: Arc<Pool<B>>,
}

impl<B> ResponseBody<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    pub(super) fn new(incoming: Incoming, connection: Box<Connection<B>>, pool: Arc<Pool<B>>) -> Self {
        Self {
            incoming,
            connection: Some(connection),
            pool,
        }
    }

    fn release(&mut self) {
        if let Some(mut connection) = self.connection.take()
            && connection.is_idle()
        {
            self.pool.put(connection);
        }
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        let Some(connection) = &mut this.connection else {
            return Poll::Ready(None);
        };
        let frame = std::task::ready!(connection.poll_frame(&mut this.incoming, cx));
        let has_ended = match &frame {
            Some(Ok(frame)) => frame.is_trailers() || this.incoming.is_end_stream(),
            Some(Err(_)) | None => true,
        };
        if has_ended {
            this.release();
        }
        Poll::Ready(frame.map(|frame| frame.map_err(body_error)))
    }

    fn is_end_stream(&self) -> bool {
        self.connection.is_none() || self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl<B> Drop for ResponseBody<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    fn drop(&mut self) {
        // A body without bytes is never polled.
        if self.incoming.is_end_stream() {
            self.release();
        }
    }
}
