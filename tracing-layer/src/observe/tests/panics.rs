//! Panics of the inner service and of the caller.

use std::future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use http_body_util::BodyExt;
use throughline_test_support::{Script, ScriptedBody};

use super::{Log, Reply, guard, observed, poll};
use crate::observe::{EndAt, ResponseFuture};

#[test]
fn panic_is_observed_even_if_it_is_caught_outside() {
    let log = Log::default();
    let mut body = observed(ScriptedBody::new([Script::Panic]), &log).into_body();
    let caught = catch_unwind(AssertUnwindSafe(|| poll(pin!(body.frame())).is_ready()));
    assert!(caught.is_err(), "the panic passes through");
    drop(body);
    assert_eq!(*log.borrow(), ["head 200", "Panicked"], "body");

    let log = Log::default();
    let inner = future::poll_fn(|_| -> Poll<Reply> { panic!("handler") });
    let mut future = Box::pin(ResponseFuture::new(inner, guard(&log, EndAt::Body)));
    let caught = catch_unwind(AssertUnwindSafe(|| poll(future.as_mut()).is_ready()));
    assert!(caught.is_err(), "the panic passes through");
    drop(future);
    assert_eq!(*log.borrow(), ["Panicked"], "future");

    let log = Log::default();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let guard = guard(&log, EndAt::Body);
        guard.attached(|| panic!("in the call itself"));
    }));
    assert!(caught.is_err(), "the panic passes through");
    assert_eq!(*log.borrow(), ["Panicked"], "call");
}

/// Panics in its destructor, unless there is a panic already.
struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("in the destructor");
        }
    }
}

#[test]
fn a_panic_of_the_callers_is_none_of_the_exchange() {
    let log = Log::default();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _body = observed(ScriptedBody::new([Script::Data("a")]), &log);
        panic!("while reading");
    }));
    assert!(caught.is_err(), "the caller's panic");
    assert_eq!(*log.borrow(), ["head 200", "Dropped"], "body");

    let log = Log::default();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let inner = future::pending::<Reply>();
        let _future = ResponseFuture::new(inner, guard(&log, EndAt::Body));
        panic!("while waiting");
    }));
    assert!(caught.is_err(), "the caller's panic");
    assert_eq!(*log.borrow(), ["Dropped"], "future");

    let log = Log::default();
    let inner = async {
        let _held = PanicsInDrop;
        future::pending::<Reply>().await
    };
    let mut future = Box::pin(ResponseFuture::new(inner, guard(&log, EndAt::Body)));
    assert!(poll(future.as_mut()).is_pending(), "not ready");
    let caught = catch_unwind(AssertUnwindSafe(|| drop(future)));
    assert!(caught.is_err(), "the panic passes through");
    assert_eq!(
        *log.borrow(),
        ["Panicked"],
        "a panic in the service's destructor is its own"
    );
}
