//! How a drain and the observer inside it learn of each other: by the context.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::Context;

/// Whether a call is observed, known when its response comes.
#[derive(Debug, Clone, Default)]
pub(super) struct IsObserved(Arc<AtomicBool>);

impl IsObserved {
    /// The current context, in which the call's observer will tell.
    pub(super) fn context(&self) -> Context {
        Context::current_with_value(self.clone())
    }

    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Tells the drain around a call made in `cx`, if there is one, that it is observed.
pub(crate) fn observe(cx: &Context) {
    if let Some(observed) = cx.get::<IsObserved>() {
        observed.0.store(true, Ordering::Relaxed);
    }
}

/// Stands in the context in which a drain reads.
#[derive(Debug, Clone, Copy)]
struct CallerLeft;

/// A context that says that the caller has left.
pub(super) fn of_a_drain() -> Context {
    Context::new().with_value(CallerLeft)
}

/// Whether the current context says so.
pub(crate) fn caller_left() -> bool {
    Context::map_current(|cx| cx.get::<CallerLeft>().is_some())
}
