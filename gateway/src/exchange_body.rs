//! The body of an answer, which holds what belongs to the exchange until it ends.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;

use crate::access_log::LoggedExchange;
use crate::body::{Body, BodyError};
use crate::budget::Reserved;

/// A body that logs the exchange, and releases its permit and its reservation, when it ends or is dropped.
pub(crate) struct ExchangeBody {
    body: Body,
    exchange: Option<LoggedExchange>,
    /// The error of the body, which follows when what came before it has been written: a server closes the connection without
    /// writing the rest.
    error: Option<BodyError>,
    _reserved: Option<Reserved>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl ExchangeBody {
    pub(crate) fn new(
        body: Body,
        exchange: Option<LoggedExchange>,
        reserved: Option<Reserved>,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self {
            body,
            exchange,
            error: None,
            _reserved: reserved,
            _permit: permit,
        }
    }
}

impl HttpBody for ExchangeBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(error) = self.error.take() {
            return Poll::Ready(Some(Err(error)));
        }
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(exchange) = &mut self.exchange {
            match &frame {
                // Trailers are the end. A server does not poll further.
                Some(Ok(frame)) if frame.is_trailers() => exchange.ended(),
                Some(Ok(frame)) => exchange.sent(frame.data_ref().map_or(0, Bytes::len)),
                Some(Err(error)) => exchange.failed(error),
                None => exchange.ended(),
            }
        }
        match frame {
            Some(Err(error)) => {
                self.error = Some(error);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            frame => Poll::Ready(frame),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.error.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for ExchangeBody {
    fn drop(&mut self) {
        // A server may leave out the last poll of a body that has ended.
        if let Some(exchange) = &mut self.exchange
            && self.body.is_end_stream()
        {
            exchange.ended();
        }
    }
}
