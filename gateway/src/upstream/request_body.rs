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

use crate::body::{BodyError, BoxError, body_error};

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
            left: u64,
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
            left: max_bytes,
            idle,
            timer: None,
        }
    }
}

/// The body has more bytes than the listener allows.
#[derive(Debug)]
pub(crate) struct TooLarge;

impl std::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the body is longer than the gateway allows")
    }
}

impl std::error::Error for TooLarge {}

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
                left,
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
                match left.checked_sub(length) {
                    Some(rest) => *left = rest,
                    None => return Poll::Ready(Some(Err(body_error(TooLarge)))),
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
