//! How an observer learns that the caller has left, while what it observes goes on.

use std::time::Instant;

use opentelemetry::Context;

/// Stands in the context in which a drain reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallerLeft {
    pub(crate) at: Instant,
}

impl CallerLeft {
    /// A context that says that the caller leaves now.
    pub(super) fn context() -> Context {
        Context::new().with_value(Self { at: Instant::now() })
    }

    /// What the current context says.
    pub(crate) fn current() -> Option<Self> {
        Context::map_current(|cx| cx.get().copied())
    }
}
