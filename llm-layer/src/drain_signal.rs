//! How a drain and the observer inside it learn of each other: by the context.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use opentelemetry::Context;

use crate::clock::Clock;

/// What the two sides of a call tell each other.
#[derive(Debug, Clone, Default)]
pub(crate) struct DrainSignal(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// The clock of the call's observer, once there is one.
    observer: OnceLock<Clock>,
    /// When the caller left.
    left_at: OnceLock<Instant>,
}

impl DrainSignal {
    /// The mark of the drain around a call made in `cx`, if there is one.
    pub(crate) fn from_context(cx: &Context) -> Option<Self> {
        cx.get().cloned()
    }

    /// The call is observed, by this clock.
    pub(crate) fn observe(&self, clock: Clock) {
        let _ = self.0.observer.set(clock);
    }

    /// When the caller left, if a drain reads on.
    pub(crate) fn left_at(&self) -> Option<Instant> {
        self.0.left_at.get().copied()
    }

    /// The current context, in which the call's observer finds this.
    pub(crate) fn context(&self) -> Context {
        Context::current_with_value(self.clone())
    }

    pub(crate) fn is_observed(&self) -> bool {
        self.0.observer.get().is_some()
    }

    /// The caller leaves.
    pub(crate) fn leave(&self) {
        if let Some(clock) = self.0.observer.get() {
            let _ = self.0.left_at.set(clock.now());
        }
    }
}
