//! The current context of the thread, also while the thread shuts down.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use opentelemetry::{Context, ContextGuard};

/// Passes the current context to `look`. Returns `None` when the thread shuts down.
///
/// `look` must not run code of the user, which could attach a context. This panics while the current one is
/// borrowed.
pub(super) fn with_current<T>(look: impl FnOnce(&Context) -> T) -> Option<T> {
    is_alive().then(|| Context::map_current(look))
}

/// Makes a context current until it is dropped, which must be on the same thread.
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

/// Runs code that may access a thread local of an exporter. If that is already destroyed, the process must
/// not abort.
pub(super) fn shielded(work: impl FnOnce()) {
    if is_alive() {
        work();
    } else {
        let _ = catch_unwind(AssertUnwindSafe(work));
    }
}

/// It is dropped before OpenTelemetry's own thread local, because it is initialised later.
///
/// If a thread gets here in a destructor first, OpenTelemetry's may already be destroyed and panic: hence
/// `catch_unwind`.
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
