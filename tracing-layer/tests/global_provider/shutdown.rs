//! Helpers in the destructors of thread locals, where OpenTelemetry's own thread local may be gone.

use std::cell::RefCell;
use std::thread;

use opentelemetry::Context;
use opentelemetry::trace::Status;
use throughline_tracing_layer::span::{
    Carried, SpanGuard, current_trace_id, open, record_span_event, set_span_attribute, set_span_error,
    set_span_status, span,
};

use crate::{tree, within};

struct Late;

impl Drop for Late {
    fn drop(&mut self) {
        set_span_attribute("key", "value");
        set_span_status(Status::Ok);
        set_span_error(&std::fmt::Error);
        record_span_event("event", []);
        let _ = current_trace_id();
        let _span = span("late");
        let _open = open("late").enter();
        Carried::new(()).run(|()| ());
    }
}

thread_local! {
    static LATE: Late = const { Late };
    static GUARD: RefCell<Option<SpanGuard>> = const { RefCell::new(None) };
}

fn on_a_thread(what: &str, work: impl FnOnce() + Send + 'static) {
    assert!(thread::spawn(work).join().is_ok(), "{what}");
}

#[test]
fn helpers_in_a_thread_local_destructor_do_not_panic() {
    on_a_thread("registered before the context", || {
        LATE.with(|_| ());
        drop(span("used"));
    });
    on_a_thread("registered after the context", || {
        drop(span("used"));
        LATE.with(|_| ());
    });
    on_a_thread("never used before", || LATE.with(|_| ()));
    on_a_thread("context used by others only", || {
        LATE.with(|_| ());
        drop(Context::current());
    });
}

#[test]
fn guard_kept_in_a_thread_local_ends_its_span() {
    let context = within("retained", Context::current);
    on_a_thread("dropped after the context", move || {
        GUARD.with_borrow_mut(|_| ());
        let _attached = context.attach();
        GUARD.set(Some(span("guard")));
    });
    assert_eq!(tree("retained"), "Internal retained\n  Internal guard\n", "ended");
}
