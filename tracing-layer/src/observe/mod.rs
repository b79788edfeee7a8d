//! Watches one exchange from call to end without touching it.
//!
//! Every layer of this workspace that looks at a response is an [`Observe`] behind the same future and the same body, so
//! that the question "how did it end?" has one answer, given once.
//!
//! ```
//! use bytes::Buf;
//! use http::{Request, Response};
//! use http_body::Frame;
//! use opentelemetry::Context;
//! use throughline_tracing_layer::observe::{End, EndAt, Head, Observe, ResponseFuture};
//!
//! struct Bytes(u64);
//!
//! impl Observe for Bytes {
//!     fn context(&self) -> Option<&Context> {
//!         None
//!     }
//!     fn on_response(&mut self, _: Head<'_>) -> EndAt {
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
//! # What is called when
//!
//! | call | when |
//! |---|---|
//! | [`Observe::on_response`] | the inner future is ready with a response, before the caller gets it |
//! | [`Observe::on_poll`] | the caller asks for a frame, at each poll, before the inner body is polled |
//! | [`Observe::on_frame`] | a body frame is ready, before the caller gets it |
//! | [`Observe::on_end`] | once, whatever happens: see [`End`] |
//!
//! [`Observe::context`] is current while the inner service is called, at every poll of the inner future and body, and
//! while they are dropped, so what they start, and what their destructors end, is a child of the exchange.
//!
//! # When the client leaves
//!
//! The future or the body is dropped: the inner one first, in the context, then `on_end` is called with
//! [`End::Dropped`], or [`End::Panicked`] if a call, a poll or a destructor of the inner one never came back: a panic of
//! the caller's is a drop. A dropped body that had nothing more to give has ended: that is [`End::Complete`].

mod body;
mod end;
mod future;
mod guard;
mod response;

use bytes::Buf;
use http_body::Frame;
use opentelemetry::Context;

pub use self::body::ResponseBody;
pub use self::end::{Cause, End};
pub use self::future::ResponseFuture;
pub(crate) use self::guard::EndGuard;
pub use self::response::EndAt;
pub use crate::message::Head;

/// What watches one exchange.
///
/// It borrows what passes and can change none of it; it must not panic or block.
pub trait Observe: Sized {
    /// The context of the exchange, current while the inner service works; `None` leaves the caller's.
    fn context(&self) -> Option<&Context>;

    /// Runs a piece of the inner service's work: its call, a poll, a destructor. By default, in the context.
    fn attached<T>(&self, work: impl FnOnce() -> T) -> T {
        let _attached = self.context().map(|cx| Context::attach(cx.clone()));
        work()
    }

    /// Sees the head of the response, and says whether the exchange lasts until its body has ended.
    fn on_response(&mut self, head: Head<'_>) -> EndAt;

    /// Sees the caller ask for a frame: called before every poll of the body, also if the last one was pending. By
    /// default, does nothing.
    ///
    /// From a frame to the next poll it is the caller who takes its time; from there to the next frame it is the body.
    #[inline]
    fn on_poll(&mut self) {}

    /// Sees a frame of the response body on its way to the caller.
    fn on_frame<D: Buf>(&mut self, frame: &Frame<D>);

    /// Sees the end. Called exactly once, also when the future or the body is dropped.
    fn on_end(self, end: End<'_>);
}

#[cfg(test)]
mod tests;
