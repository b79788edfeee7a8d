//! Observes one exchange from the call to its end without changing it.
//!
//! Every layer of this workspace that looks at a response is an [`Observe`] behind the same future and the
//! same body, so that the end of an exchange is decided in one place, exactly once.
//!
//! ```
//! # use throughline_tracing_layer as throughline;
//! use bytes::Buf;
//! use http::{Request, Response};
//! use http_body::Frame;
//! use opentelemetry::Context;
//! use throughline::observe::{End, EndAt, Observe, ResponseFuture, ResponseHead};
//!
//! struct Bytes(u64);
//!
//! impl Observe for Bytes {
//!     fn context(&self) -> Option<&Context> {
//!         None
//!     }
//!     fn on_response(&mut self, _: ResponseHead<'_>) -> EndAt {
//!         EndAt::Body
//!     }
//!     fn on_frame<D: Buf>(&mut self, frame: &Frame<D>) {
//!         self.0 += frame.data_ref().map_or(0, Buf::remaining) as u64;
//!     }
//!     fn on_end(self, end: End<'_>) {
//!         println!("{} bytes, {end:?}", self.0);
//!     }
//! }
//!
//! fn call<S, B>(service: &mut S, request: Request<B>) -> ResponseFuture<S::Future, Bytes>
//! where
//!     S: tower_service::Service<Request<B>>,
//! {
//!     ResponseFuture::start(Some(Bytes(0)), || service.call(request))
//! }
//! ```
//!
//! # When the methods are called
//!
//! | method | when |
//! |---|---|
//! | [`Observe::on_response`] | the inner future is ready with a response, before the caller receives it |
//! | [`Observe::on_poll`] | the caller polls the body, each time, before the inner body is polled |
//! | [`Observe::on_frame`] | a frame of the body is ready, before the caller receives it |
//! | [`Observe::on_end`] | exactly once: see [`End`] |
//!
//! [`Observe::context`] is current while the inner service is called, at every poll of the inner future and
//! body, and while they are dropped. The spans that they start are therefore children of the exchange.
//!
//! # When the client leaves
//!
//! If the future or the body is dropped, the inner one is dropped first, in the context. Then `on_end` is
//! called with [`End::Dropped`], or with [`End::Panicked`] if a call, a poll or a destructor of the inner one
//! panicked. A panic of the caller counts as a drop. If a dropped body had no more data, the end is
//! [`End::Complete`].

mod body;
mod end;
mod future;
mod guard;
mod peek;
mod response;

use bytes::Buf;
use http_body::Frame;
use opentelemetry::Context;

pub use self::body::ResponseBody;
pub use self::end::{Cause, End};
pub use self::future::ResponseFuture;
pub(crate) use self::guard::EndGuard;
pub use self::peek::peek;
pub use self::response::EndAt;
pub use crate::message::ResponseHead;

/// Observes one exchange.
///
/// An observer borrows what passes and cannot change it. It must not panic or block.
pub trait Observe: Sized {
    /// Returns the context of the exchange, which is current while the inner service works. `None` leaves the
    /// caller's context.
    fn context(&self) -> Option<&Context>;

    /// Runs work of the inner service: its call, a poll, a destructor. By default, it runs in the context.
    fn attached<T>(&self, work: impl FnOnce() -> T) -> T {
        let _attached = self.context().map(|cx| Context::attach(cx.clone()));
        work()
    }

    /// Called with the head of the response. Returns where the exchange ends.
    fn on_response(&mut self, head: ResponseHead<'_>) -> EndAt;

    /// Called before every poll of the body, also if the last one was pending. By default, does nothing.
    ///
    /// The time from a frame to the next poll is spent by the caller; the time from the poll to the next
    /// frame, by the body.
    #[inline]
    fn on_poll(&mut self) {}

    /// Called with each frame of the response body, before the caller receives it.
    fn on_frame<D: Buf>(&mut self, frame: &Frame<D>);

    /// Called at the end, exactly once, also if the future or the body is dropped.
    fn on_end(self, end: End<'_>);
}

#[cfg(test)]
mod tests;
