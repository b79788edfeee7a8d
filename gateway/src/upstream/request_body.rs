//! The body of a forwarded request.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep};

use crate::body::{BodyError, BoxError, body_error, error_chain, is_timeout};
use crate::refusal::{Refusal, RefusalKind};

pin_project! {
    /// The body of a forwarded request: in memory, or as it arrives, within its limits.
    #[project = Projected]
    pub(crate) enum ForwardedBody<B> {
        Held {
            bytes: Option<Bytes>,
        },
        Streamed {
            #[pin]
            body: B,
            max_bytes: u64,
            remaining_bytes: u64,
            idle: Duration,
            // Created when the body is waited for, since most bodies are there at once.
            timer: Option<Pin<Box<Sleep>>>,
        },
    }
}

impl<B> ForwardedBody<B> {
    pub(crate) fn held(bytes: Bytes) -> Self {
        Self::Held {
            bytes: Some(bytes).filter(|bytes| !bytes.is_empty()),
        }
    }

    /// Passes a body on, up to `max_bytes`, as long as a part of it arrives within `idle`.
    pub(crate) fn streamed(body: B, max_bytes: u64, idle: Duration) -> Self {
        Self::Streamed {
            body,
            max_bytes,
            remaining_bytes: max_bytes,
            idle,
            timer: None,
        }
    }
}

/// The body has more bytes than the listener allows, which is this number.
#[derive(Debug)]
pub(crate) struct TooLarge(pub(crate) u64);

impl std::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the body is longer than {} bytes, which this gateway allows",
            self.0
        )
    }
}

impl std::error::Error for TooLarge {}

impl From<&TooLarge> for Refusal {
    fn from(error: &TooLarge) -> Self {
        Self::new(RefusalKind::TooLarge, error.to_string())
    }
}

/// Returns the refusal of a request whose body could not be read.
pub(crate) fn body_refusal(error: &(dyn std::error::Error + 'static)) -> Refusal {
    if let Some(error) = error_chain(error).find_map(|error| error.downcast_ref::<TooLarge>()) {
        return error.into();
    }
    match is_timeout(error) {
        true => Refusal::new(
            RefusalKind::Slow,
            "the body of the request did not arrive in time",
        ),
        false => Refusal::new(RefusalKind::Invalid, "the body of the request could not be read"),
    }
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>>> Body for ForwardedBody<B> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.project() {
            Projected::Held { bytes } => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Projected::Streamed {
                body,
                max_bytes,
                remaining_bytes,
                idle,
                timer,
            } => {
                let Poll::Ready(frame) = body.poll_frame(cx) else {
                    let timer = timer.get_or_insert_with(|| Box::pin(sleep(*idle)));
                    ready!(timer.as_mut().poll(cx));
                    let error = io::Error::new(
                        io::ErrorKind::TimedOut,
                        "the body of the request did not arrive in time",
                    );
                    return Poll::Ready(Some(Err(body_error(error))));
                };
                if let Some(timer) = timer {
                    timer.as_mut().reset(Instant::now() + *idle);
                }
                let Some(frame) = frame else {
                    return Poll::Ready(None);
                };
                let frame = frame.map_err(body_error)?;
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                match remaining_bytes.checked_sub(length) {
                    Some(rest) => *remaining_bytes = rest,
                    None => return Poll::Ready(Some(Err(body_error(TooLarge(*max_bytes))))),
                }
                Poll::Ready(Some(Ok(frame)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Held { bytes } => bytes.is_none(),
            Self::Streamed { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Held { bytes } => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Streamed { body, .. } => body.size_hint(),
        }
    }
}
