//! The thread's current context, also while the thread shuts down.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use opentelemetry::{Context, ContextGuard};

/// Looks at the current context; `None` once the thread has begun to shut down.
///
/// `look` must not run what the user wrote: it could attach a context, which panics while this one is borrowed.
pub(super) fn with_current<T>(look: impl FnOnce(&Context) -> T) -> Option<T> {
    is_alive().then(|| Context::map_current(look))
}

/// A context made current until this is dropped, which must happen on the same thread.
#[derive(Debug)]
pub(super) struct Attached(Option<ContextGuard>);

impl Attached {
    pub(super) fn new(context: Context) -> Self {
        Self(is_alive().then(|| context.attach()))
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        if !is_alive() {
            mem::forget(self.0.take());
        }
    }
}

/// Runs what may come upon a thread local of an exporter's; that it is gone must not abort the process.
pub(super) fn shielded(work: impl FnOnce()) {
    if is_alive() {
        work();
    } else {
        let _ = catch_unwind(AssertUnwindSafe(work));
    }
}

/// Dropped before OpenTelemetry's own thread local, because it is initialised after it.
///
/// A thread that first looks here in a destructor may find that one gone, and then panic: hence `catch_unwind`.
struct Alive(bool);

impl Alive {
    fn new() -> Self {
        Self(catch_unwind(|| Context::map_current(|_| ())).is_ok())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0 = false;
    }
}

pub(super) fn is_alive() -> bool {
    ALIVE.try_with(|alive| alive.0).unwrap_or(false)
}

thread_local! {
    static ALIVE: Alive = Alive::new();
}
