//! When a span ends, and what is current meanwhile.

use std::future::{self, Future};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context as Task, Poll, Waker};
use std::thread;

use opentelemetry::Context;
use opentelemetry::trace::{SpanBuilder, TraceContextExt};
use throughline_tracing_layer::span::{
    InContextExt, current_span_id, in_span, open, open_in, set_span_attribute, span,
};

use crate::{tree, within};

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Task::from_waker(Waker::noop()))
}

/// Writes on the span that is current while it is dropped.
struct LastWords;

impl Drop for LastWords {
    fn drop(&mut self) {
        set_span_attribute("last.words", true);
    }
}

#[test]
fn future_is_polled_and_dropped_in_its_span() {
    within("dropped", || {
        let mut ready = Box::pin(in_span("ready", async {
            let _words = LastWords;
            set_span_attribute("polled", true);
        }));
        assert_eq!(poll(ready.as_mut()), Poll::Ready(()), "ready");
        let again = catch_unwind(AssertUnwindSafe(|| poll(ready.as_mut())));
        assert!(again.is_err(), "polled again it does not wait for ever");

        let mut cancelled = Box::pin(in_span("cancelled", async {
            let _words = LastWords;
            future::pending::<()>().await;
        }));
        assert!(poll(cancelled.as_mut()).is_pending(), "pending");
        drop(cancelled);

        let words = LastWords;
        drop(in_span("never polled", async move { drop(words) }));
    });
    let expected = "\
Internal dropped
  Internal ready
    - last.words=true
    - polled=true
  Internal cancelled
    - last.words=true
  Internal never polled
    - last.words=true
";
    assert_eq!(tree("dropped"), expected, "destructors run in the span");
}

#[test]
fn span_ends_with_its_guard_whoever_holds_its_context() {
    let held = within("held", || {
        let span = open("inner");
        let held = span.context().clone();
        let _span = span.enter();
        held
    });
    assert_eq!(
        tree("held"),
        "Internal held\n  Internal inner\n",
        "both have ended while a context is still held"
    );
    assert!(!held.span().is_recording(), "it has ended");
}

#[test]
fn guards_dropped_out_of_order_leave_nothing_attached() {
    within("order", || {
        let root = current_span_id();
        let first = span("first");
        let second = span("second");
        drop(first);
        drop(second);
        assert_eq!(current_span_id(), root, "the outer span is current again");
    });
    assert_eq!(
        tree("order"),
        "Internal order\n  Internal first\n    Internal second\n",
        "both ended"
    );
}

#[test]
fn panic_fails_the_span_it_ends() {
    within("panics", || {
        let guard = catch_unwind(|| {
            let _span = span("guard");
            panic!("expected");
        });
        assert!(guard.is_err(), "panicked");
        let mut future = Box::pin(in_span("future", async { panic!("expected") }));
        let caught = catch_unwind(AssertUnwindSafe(|| poll(future.as_mut())));
        assert!(caught.is_err(), "panicked");
        drop(future);
        struct Cleanup;
        impl Drop for Cleanup {
            fn drop(&mut self) {
                let _span = span("cleanup");
            }
        }
        let cleanup = catch_unwind(|| {
            let _cleanup = Cleanup;
            panic!("expected");
        });
        assert!(cleanup.is_err(), "panicked");
    });
    let expected = "\
Internal panics
  Internal guard [error: panicked]
    - error.type=\"panic\"
  Internal future [error: panicked]
    - error.type=\"panic\"
  Internal cleanup
";
    assert_eq!(
        tree("panics"),
        expected,
        "a span begun while unwinding did not panic itself"
    );
}

#[test]
fn parent_need_not_be_current() {
    let root = within("elsewhere", Context::current);
    thread::spawn(move || {
        let _span = open_in(root, || SpanBuilder::from_name("child")).enter();
        set_span_attribute("entered", true);
    })
    .join()
    .expect("no panic");
    assert_eq!(
        tree("elsewhere"),
        "Internal elsewhere\n  Internal child\n    - entered=true\n",
        "a child of what is not current"
    );
}

#[test]
fn future_in_the_empty_context_is_outside_every_span() {
    within("outside", || {
        let mut future = Box::pin(async { current_span_id() }.in_context(Context::new()));
        assert_eq!(poll(future.as_mut()), Poll::Ready(None), "its own context");
    });
}
