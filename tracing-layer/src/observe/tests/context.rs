//! When the context of the observer is current.

use std::future;
use std::pin::{Pin, pin};
use std::task::{Context as Task, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use opentelemetry::Context;
use throughline_test_support::ScriptedError;

use super::{InContext, Log, Reply, guard, observed, poll};
use crate::observe::{EndAt, ResponseFuture};

/// Records in its destructor whether it was polled and dropped in the context of the observer.
struct ContextProbe(Log);

impl ContextProbe {
    fn note(&self, what: &str) {
        let inside = Context::map_current(|cx| cx.get::<InContext>().is_some());
        self.0.borrow_mut().push(format!("{what} {inside}"));
    }
}

impl Drop for ContextProbe {
    fn drop(&mut self) {
        self.note("dropped");
    }
}

impl Body for ContextProbe {
    type Data = Bytes;
    type Error = ScriptedError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Task<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ScriptedError>>> {
        self.note("polled");
        Poll::Pending
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[test]
fn inner_is_polled_and_dropped_in_the_context() {
    let log = Log::default();
    let seen = Log::default();
    let body = observed(ContextProbe(seen.clone()), &log).into_body();
    let mut body = Box::pin(body);
    assert!(poll(pin!(body.frame())).is_pending(), "pending");
    drop(body);
    assert_eq!(*seen.borrow(), ["polled true", "dropped true"], "body");

    let seen = Log::default();
    let probe = ContextProbe(seen.clone());
    let inner = async move {
        probe.note("polled");
        future::pending::<Reply>().await
    };
    let mut future = Box::pin(ResponseFuture::new(inner, guard(&log, EndAt::Body)));
    assert!(poll(future.as_mut()).is_pending(), "pending");
    drop(future);
    assert_eq!(*seen.borrow(), ["polled true", "dropped true"], "future");
    assert!(
        Context::map_current(|cx| cx.get::<InContext>().is_none()),
        "nothing stays attached"
    );
}
