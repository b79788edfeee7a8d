//! Bodies whose type is not known, and their errors.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// A body of any type.
///
/// A `BoxBody` does not serve, since the compiler cannot prove that futures with a boxed error in a type
/// parameter are `Send`.
pub(crate) struct Body(Kind);

enum Kind {
    /// The body of a request. It is not boxed, since every request has one.
    Received(Incoming),
    Boxed(Pin<Box<dyn http_body::Body<Data = Bytes, Error = BodyError> + Send>>),
}

/// The error of a body. Layers look into an [`io::Error`] for the error that it wraps, and name it on spans.
pub(crate) type BodyError = io::Error;

impl Body {
    pub(crate) fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        Self(Kind::Boxed(Box::pin(body.map_err(body_error))))
    }

    pub(crate) fn received(body: Incoming) -> Self {
        Self(Kind::Received(body))
    }

    pub(crate) fn full(bytes: Bytes) -> Self {
        Self::new(Full::new(bytes))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.0 {
            Kind::Received(body) => Pin::new(body).poll_frame(cx).map_err(body_error),
            Kind::Boxed(body) => body.as_mut().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Received(body) => body.is_end_stream(),
            Kind::Boxed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Received(body) => body.size_hint(),
            Kind::Boxed(body) => body.size_hint(),
        }
    }
}

/// Wraps an error of any type.
pub(crate) fn body_error(error: impl Into<BoxError>) -> BodyError {
    match error.into().downcast::<io::Error>() {
        Ok(io) => *io,
        Err(error) => io::Error::other(error),
    }
}

/// Iterates over an error and what it wraps. An [`io::Error`] hides the error that it wraps from `source`.
pub(crate) fn error_chain<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn Error + 'static) = *error;
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped as _),
            None => error.source(),
        }
    })
}

/// Whether an error is a timeout, or wraps one.
pub(crate) fn is_timeout(error: &(dyn Error + 'static)) -> bool {
    error_chain(error).any(|error| {
        error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
    })
}
