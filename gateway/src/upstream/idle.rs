//! Ends an answer in which nothing arrives for too long.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::body::{BodyError, BoxError, body_error};

pin_project! {
    /// A body that fails if no frame arrives within a time.
    ///
    /// The timer is created at the first wait, and moved only when it fires, so that a frame costs a look at
    /// the clock.
    pub(crate) struct IdleTimeout<B> {
        #[pin]
        body: B,
        idle: Duration,
        last_frame: Instant,
        #[pin]
        timer: Option<Sleep>,
    }
}

impl<B> IdleTimeout<B> {
    pub(crate) fn new(body: B, idle: Duration) -> Self {
        Self {
            body,
            idle,
            last_frame: Instant::now(),
            timer: None,
        }
    }
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>>> Body for IdleTimeout<B> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let mut this = self.project();
        if let Poll::Ready(frame) = this.body.poll_frame(cx) {
            *this.last_frame = Instant::now();
            return Poll::Ready(frame.map(|frame| frame.map_err(body_error)));
        }
        let deadline = *this.last_frame + *this.idle;
        if this.timer.is_none() {
            this.timer.set(Some(sleep_until(deadline)));
        }
        while let Some(mut timer) = this.timer.as_mut().as_pin_mut() {
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if timer.deadline() >= deadline {
                break;
            }
            timer.reset(deadline);
        }
        let error = io::Error::new(io::ErrorKind::TimedOut, "the provider sent nothing for too long");
        Poll::Ready(Some(Err(body_error(error))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use http_body_util::Full;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn body_without_frames_fails_after_the_time_since_the_last_one() {
        let (sender, receiver) = tokio::sync::mpsc::channel::<Bytes>(1);
        let mut body = Box::pin(IdleTimeout::new(channel_body(receiver), Duration::from_secs(10)));
        let started = Instant::now();
        for _ in 0..3 {
            tokio::time::advance(Duration::from_secs(7)).await;
            sender.send(Bytes::from_static(b"x")).await.expect("it is read");
            let frame = body.frame().await.expect("a frame").expect("no error");
            assert_eq!(frame.into_data().expect("data"), "x", "frames pass");
        }
        let error = body.frame().await.expect("an error").expect_err("an error");
        assert_eq!(
            error.to_string(),
            "the provider sent nothing for too long",
            "it times out"
        );
        assert_eq!(started.elapsed().as_secs(), 31, "10 s after the last frame");
    }

    #[tokio::test]
    async fn ends_with_its_body() {
        let body = IdleTimeout::new(Full::new(Bytes::from_static(b"ab")), Duration::from_secs(1));
        assert_eq!(body.size_hint().exact(), Some(2), "the length is known");
        assert_eq!(
            body.collect().await.expect("a body").to_bytes(),
            "ab",
            "unchanged"
        );
    }

    fn channel_body(
        mut receiver: tokio::sync::mpsc::Receiver<Bytes>,
    ) -> impl Body<Data = Bytes, Error = io::Error> {
        struct Channel<F>(F);
        impl<F: FnMut(&mut Context<'_>) -> Poll<Option<Bytes>> + Unpin> Body for Channel<F> {
            type Data = Bytes;
            type Error = io::Error;

            fn poll_frame(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
                (self.0)(cx).map(|data| data.map(|data| Ok(Frame::data(data))))
            }
        }
        Channel(move |cx: &mut Context<'_>| receiver.poll_recv(cx))
    }
}
