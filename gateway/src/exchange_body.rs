//! The body of an answer, which holds what belongs to the exchange until it ends.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::access_log::{AccessLog, Exchange};
use crate::body::{Body, BodyError};
use crate::budget::Reserved;

/// What is kept until an answer has ended, such as a permit.
pub(crate) type Held = Box<dyn std::any::Any + Send>;

/// A body that logs the exchange, and releases its permit and its reservation, when it ends or is dropped.
pub(crate) struct ExchangeBody {
    body: Body,
    log: Option<(AccessLog, Exchange)>,
    _reserved: Option<Reserved>,
    _held: Held,
}

impl ExchangeBody {
    pub(crate) fn new(
        body: Body,
        log: Option<(AccessLog, Exchange)>,
        reserved: Option<Reserved>,
        held: Held,
    ) -> Self {
        Self {
            body,
            log,
            _reserved: reserved,
            _held: held,
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
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some((_, exchange)) = &mut self.log {
            match &frame {
                Some(Ok(frame)) => exchange.sent(frame.data_ref().map_or(0, Bytes::len)),
                Some(Err(error)) => exchange.failed(error),
                None => exchange.ended(),
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for ExchangeBody {
    fn drop(&mut self) {
        if let Some((log, mut exchange)) = self.log.take() {
            if self.body.is_end_stream() {
                exchange.ended();
            }
            log.write(exchange);
        }
    }
}
