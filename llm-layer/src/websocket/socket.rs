//! The connection with its observer.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_sink::Sink;
use pin_project_lite::pin_project;
use throughline_tracing_layer::observe::Cause;

use super::message::WebSocketMessage;
use super::observer::LlmWebSocket;
use crate::call::MessageEnd;

pin_project! {
    /// A WebSocket connection whose model calls are observed. Created by [`LlmWebSocket::client`] and
    /// [`LlmWebSocket::server`].
    ///
    /// It is a [`Stream`] and a [`Sink`] of the same messages and errors as the connection inside.
    pub struct ObservedWebSocket<S> {
        #[pin]
        inner: S,
        observer: LlmWebSocket,
        side: Side,
    }
}

/// Which side of a connection this process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// The other end is the provider.
    Client,
    /// The other end is the client.
    Server,
}

impl Side {
    /// How calls end if the other end leaves.
    fn remote_end(self) -> MessageEnd<'static> {
        match self {
            Self::Client => MessageEnd::ProviderLeft,
            Self::Server => MessageEnd::CallerLeft,
        }
    }

    /// How calls end if this end closes the connection.
    fn local_end(self) -> MessageEnd<'static> {
        match self {
            Self::Client => MessageEnd::CallerLeft,
            Self::Server => MessageEnd::ProviderLeft,
        }
    }
}

impl LlmWebSocket {
    /// Wraps a connection whose other end is the provider: what is sent comes from the client.
    #[must_use]
    pub fn client<S>(self, socket: S) -> ObservedWebSocket<S> {
        ObservedWebSocket::new(self, socket, Side::Client)
    }

    /// Wraps a connection whose other end is the client, as in a gateway: what is sent comes from the server.
    #[must_use]
    pub fn server<S>(self, socket: S) -> ObservedWebSocket<S> {
        ObservedWebSocket::new(self, socket, Side::Server)
    }
}

impl<S> ObservedWebSocket<S> {
    fn new(observer: LlmWebSocket, inner: S, side: Side) -> Self {
        Self {
            inner,
            observer,
            side,
        }
    }

    /// Returns the connection, for example to read the protocol that was negotiated.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns the connection. Messages that are sent or received on it directly are not observed.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Returns the connection and ends the observation. Calls that have not ended are recorded as cancelled.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S, M, E> Stream for ObservedWebSocket<S>
where
    S: Stream<Item = Result<M, E>>,
    M: WebSocketMessage,
    E: fmt::Display + 'static,
{
    type Item = Result<M, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<M, E>>> {
        let this = self.project();
        if *this.side == Side::Client {
            this.observer.poll();
        }
        let polled = ready!(this.inner.poll_next(cx));
        match (&polled, *this.side) {
            (Some(Ok(message)), side) => {
                match (message.as_text(), side) {
                    (Some(text), Side::Client) => this.observer.read_server(text),
                    (Some(text), Side::Server) => this.observer.read_client(text),
                    (None, _) => {}
                }
                if message.is_close() {
                    this.observer.end(side.remote_end());
                }
            }
            (Some(Err(error)), Side::Client) => this.observer.end(failed_end(error)),
            (Some(Err(_)) | None, side) => this.observer.end(side.remote_end()),
        }
        Poll::Ready(polled)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S, M> Sink<M> for ObservedWebSocket<S>
where
    S: Sink<M, Error: fmt::Display + 'static>,
    M: WebSocketMessage,
{
    type Error = S::Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.project().inner.poll_ready(cx)
    }

    fn start_send(self: Pin<&mut Self>, message: M) -> Result<(), S::Error> {
        let this = self.project();
        let begun = match (message.as_text(), *this.side) {
            (Some(text), Side::Client) => this.observer.begin(text),
            (Some(text), Side::Server) => {
                this.observer.read_server(text);
                // The provider's messages do not wait for the client here.
                this.observer.poll();
                None
            }
            (None, _) => None,
        };
        let is_close = message.is_close();
        let sent = this.inner.start_send(message);
        if let (Err(error), Some(id)) = (&sent, begun) {
            this.observer.fail(id, MessageEnd::Failed(Cause::new(error)));
        }
        if is_close {
            this.observer.end(this.side.local_end());
        }
        sent
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.project().inner.poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        let this = self.project();
        this.observer.end(this.side.local_end());
        this.inner.poll_close(cx)
    }
}

/// How calls end if the connection to the provider failed. A provider that hangs up without a closing
/// handshake is an error of tungstenite.
fn failed_end<E: fmt::Display + 'static>(error: &E) -> MessageEnd<'_> {
    #[cfg(feature = "tungstenite")]
    {
        use tungstenite::error::{Error, ProtocolError};

        let any: &dyn std::any::Any = error;
        match any.downcast_ref() {
            Some(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => {
                return MessageEnd::ProviderLeft;
            }
            Some(Error::Io(error)) => return MessageEnd::Failed(Cause::new(error)),
            _ => {}
        }
    }
    MessageEnd::Failed(Cause::new(error))
}

impl<S> fmt::Debug for ObservedWebSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservedWebSocket")
            .field("observer", &self.observer)
            .field("side", &self.side)
            .finish_non_exhaustive()
    }
}
