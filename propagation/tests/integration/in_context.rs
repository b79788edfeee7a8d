//! Where a context is current, and where it is not.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{self, Poll, Waker};

use http::{Request, Response};
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use throughline_propagation::{ExtractLayer, InContext};
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::support::{TRACE, remote, request, traceparent, w3c};

/// Writes down the trace that is current when it is polled and when it is dropped.
struct Witness(Arc<Mutex<Vec<(&'static str, String)>>>, bool);

impl Witness {
    fn note(&self, what: &'static str) {
        self.0.lock().expect("not poisoned").push((what, trace_id()));
    }
}

impl Future for Witness {
    type Output = ();

    fn poll(self: std::pin::Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<()> {
        self.note("poll");
        if self.1 { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.note("drop");
    }
}

#[test]
fn the_context_is_current_in_call_in_poll_and_in_drop_and_nowhere_else() {
    for finishes in [true, false] {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let inner = Arc::clone(&seen);
        let mut service =
            ExtractLayer::new()
                .with_propagator(w3c())
                .layer(service_fn(move |_: Request<()>| {
                    let witness = Witness(Arc::clone(&inner), finishes);
                    witness.note("call");
                    async move {
                        witness.await;
                        Ok::<_, Infallible>(Response::new(()))
                    }
                }));
        let future = service.call(request(&[("traceparent", traceparent("01"))]));
        {
            let mut future = pin!(future);
            let mut cx = task::Context::from_waker(Waker::noop());
            assert_eq!(future.as_mut().poll(&mut cx).is_ready(), finishes, "polled once");
            assert_ne!(trace_id(), TRACE, "not outside");
        }
        let expected = ["call", "poll", "drop"].map(|what| (what, TRACE.to_owned()));
        assert_eq!(
            *seen.lock().expect("not poisoned"),
            expected,
            "finishes: {finishes}"
        );
    }
}

#[test]
fn a_future_that_is_never_polled_is_dropped_in_its_context() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let cx = remote("01");
    drop(InContext::start(cx.clone(), || Witness(Arc::clone(&seen), false)));
    assert_eq!(*seen.lock().expect("not poisoned"), [("drop", TRACE.to_owned())]);
    let mut done = pin!(InContext::start(cx, || std::future::ready(())));
    let mut task = task::Context::from_waker(Waker::noop());
    assert_eq!(done.as_mut().poll(&mut task), Poll::Ready(()), "ready");
    let again = catch_unwind(AssertUnwindSafe(|| done.as_mut().poll(&mut task)));
    assert!(
        again.is_err(),
        "a caller that polls again is not left waiting for ever"
    );
}

#[tokio::test]
async fn errors_and_panics_pass_and_leave_the_context_outside_as_it_was() {
    let failing = service_fn(|_: Request<()>| async { Err::<Response<()>, _>("the error") });
    let layer = ExtractLayer::new().with_propagator(w3c());
    let sent = || request(&[("traceparent", traceparent("01"))]);
    let error = layer.layer(failing).oneshot(sent()).await.expect_err("an error");
    assert_eq!(error, "the error", "as it was");
    let panicking = layer.layer(service_fn(|_: Request<()>| async {
        assert_ne!(trace_id(), TRACE, "the panic");
        pending::<Result<Response<()>, Infallible>>().await
    }));
    let panic = tokio::spawn(panicking.oneshot(sent()))
        .await
        .expect_err("a panic");
    assert!(panic.is_panic(), "not swallowed");
    assert_ne!(trace_id(), TRACE, "the context is not left behind");
}

fn trace_id() -> String {
    Context::current().span().span_context().trace_id().to_string()
}
