//! The endings of a future without a body.

use std::future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use http::Response;
use throughline_test_support::{Script, ScriptedBody, ScriptedError};

use super::{Log, LogObserver, Reply, guard, poll, read};
use crate::observe::{EndAt, ResponseFuture};

#[test]
fn service_error_is_observed_and_passed_on() {
    let log = Log::default();
    let inner = future::ready(Err::<Response<ScriptedBody>, _>(ScriptedError("refused")));
    let mut future = pin!(ResponseFuture::new(inner, guard(&log, EndAt::Body)));
    let Poll::Ready(Err(error)) = poll(future.as_mut()) else {
        panic!("the error passes")
    };
    assert_eq!(error, ScriptedError("refused"), "unchanged");
    let expected = "ServiceError(throughline_test_support::body::ScriptedError(refused)): refused";
    assert_eq!(*log.borrow(), [expected], "one ending");
}

#[test]
fn dropped_future_is_dropped() {
    let log = Log::default();
    let inner = future::pending::<Reply>();
    let mut future = Box::pin(ResponseFuture::new(inner, guard(&log, EndAt::Body)));
    assert!(poll(future.as_mut()).is_pending(), "not ready");
    drop(future);
    assert_eq!(*log.borrow(), ["Dropped"], "observed when the future is dropped");
}

#[test]
fn a_future_that_is_polled_again_does_not_wait_for_ever() {
    let reply = || future::ready(Err::<Response<ScriptedBody>, _>(ScriptedError("refused")));
    let log = Log::default();
    let cases = [
        ("observed", ResponseFuture::new(reply(), guard(&log, EndAt::Body))),
        ("unobserved", ResponseFuture::unobserved(reply())),
    ];
    for (case, future) in cases {
        let mut future = pin!(future);
        assert!(poll(future.as_mut()).is_ready(), "{case}: ready");
        let again = catch_unwind(AssertUnwindSafe(|| poll(future.as_mut())));
        assert!(again.is_err(), "{case}: it says so");
    }
    assert_eq!(log.borrow().len(), 1, "the end is expected once");
}

#[test]
fn unobserved_response_passes() {
    let inner = future::ready(Ok::<_, ScriptedError>(Response::new(ScriptedBody::new([
        Script::Data("a"),
    ]))));
    let mut future = pin!(ResponseFuture::<_, LogObserver>::unobserved(inner));
    let Poll::Ready(Ok(response)) = poll(future.as_mut()) else {
        panic!("ready")
    };
    assert_eq!(read(response.into_body()), ["a"], "the body passes");
}
