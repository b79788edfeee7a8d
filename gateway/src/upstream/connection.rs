//! One connection to a provider, which the task of a request drives.
//!
//! hyper's client has two halves: a handle that sends requests, and a future that reads and writes. Usually
//! the future is a task, so that the head and each part of an answer pass from one task to another. Here, the
//! task of the request polls both. No other task is scheduled, and a client that leaves closes the connection
//! at once.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_rustls::MaybeHttpsStream;
use hyper_util::client::legacy::connect::{Connected, Connection as _};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::coop::has_budget_remaining;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::body::BoxError;

/// The socket of a connection.
pub(super) type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

/// A connection. It is closed when it is dropped.
pub(super) struct Connection<B: Body + 'static> {
    sender: http1::SendRequest<B>,
    /// What reads and writes. `None`: the connection has ended.
    driver: Option<http1::Connection<Stream, B>>,
    /// What layers see of the connection in the extensions of a response.
    peer: Connected,
    /// Fires at the earliest of all deadlines so far. It stays registered between requests, since to move a
    /// deadline back costs much less than to register a timer.
    timer: Pin<Box<Sleep>>,
}

/// Why there is no response.
pub(super) enum SendError<B> {
    /// The connection was closed before anything of the request was written.
    Unsent(Box<Request<B>>, hyper::Error),
    /// The connection broke.
    Broken(hyper::Error),
    /// The deadline passed.
    Late,
}

impl<B> Connection<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    pub(super) async fn open(stream: Stream, deadline: Instant) -> hyper::Result<Self> {
        let peer = stream.connected();
        let (sender, driver) = http1::handshake(stream).await?;
        Ok(Self {
            sender,
            driver: Some(driver),
            peer,
            timer: Box::pin(sleep_until(deadline)),
        })
    }

    /// Sends a request, and waits for the head of its response until `deadline`.
    pub(super) async fn send(
        &mut self,
        request: Request<B>,
        deadline: Instant,
    ) -> Result<Response<Incoming>, SendError<B>> {
        let mut response = pin!(self.sender.try_send_request(request));
        let (driver, timer) = (&mut self.driver, &mut self.timer);
        let sent = poll_fn(|cx| {
            drive(driver, cx);
            if let Poll::Ready(response) = poll_driven(response.as_mut(), cx) {
                return Poll::Ready(Some(response));
            }
            poll_deadline(timer, deadline, cx).map(|()| None)
        });
        match sent.await {
            Some(Ok(mut response)) => {
                self.peer.get_extras(response.extensions_mut());
                Ok(response)
            }
            Some(Err(mut error)) => Err(match error.take_message() {
                Some(request) => SendError::Unsent(Box::new(request), error.into_error()),
                None => SendError::Broken(error.into_error()),
            }),
            None => Err(SendError::Late),
        }
    }

    /// Polls a part of the body of a response, which arrives while the connection is driven.
    pub(super) fn poll_frame(
        &mut self,
        body: &mut Incoming,
        cx: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<http_body::Frame<Bytes>>>> {
        let mut body = Pin::new(body);
        // The part may have been read with the one before.
        if let Poll::Ready(frame) = body.as_mut().poll_frame(&mut Context::from_waker(Waker::noop())) {
            return Poll::Ready(frame);
        }
        drive(&mut self.driver, cx);
        let polled = body.poll_frame(&mut Context::from_waker(Waker::noop()));
        if polled.is_pending() {
            wake_if_out_of_budget(cx);
        }
        polled
    }

    /// Returns whether the connection can be used for another request: the last request and its response have
    /// been read and written to their ends.
    pub(super) fn is_idle(&mut self) -> bool {
        drive(&mut self.driver, &mut Context::from_waker(Waker::noop()));
        self.driver.is_some() && self.sender.is_ready()
    }
}

/// Reads and writes.
fn drive<B>(driver: &mut Option<http1::Connection<Stream, B>>, cx: &mut Context<'_>)
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    if let Some(connection) = driver
        && Pin::new(connection).poll(cx).is_ready()
    {
        // hyper has given the error to the response or its body, which end when the driver is dropped.
        *driver = None;
    }
}

/// Polls what only makes progress while the connection is driven. It needs no waker, and a wake-up by the
/// driver would only have the task polled twice.
fn poll_driven<F: Future>(future: Pin<&mut F>, cx: &Context<'_>) -> Poll<F::Output> {
    let polled = future.poll(&mut Context::from_waker(Waker::noop()));
    if polled.is_pending() {
        wake_if_out_of_budget(cx);
    }
    polled
}

/// Tokio's channels pretend to be empty if a task has done much without a pause.
fn wake_if_out_of_budget(cx: &Context<'_>) {
    if !has_budget_remaining() {
        cx.waker().wake_by_ref();
    }
}

/// Completes when `deadline` has passed.
fn poll_deadline(timer: &mut Pin<Box<Sleep>>, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
    if timer.deadline() > deadline {
        timer.as_mut().reset(deadline);
    }
    while timer.as_mut().poll(cx).is_ready() {
        if timer.deadline() >= deadline {
            return Poll::Ready(());
        }
        // It was set for an earlier request.
        timer.as_mut().reset(deadline);
    }
    Poll::Pending
}
