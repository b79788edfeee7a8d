//! The signal between a drain and the call observer inside it. It is a value of the context.
//!
//! The drain creates the signal and makes the call in a context that has it. The observer, which a
//! [`LlmLayer`](crate::LlmLayer) inside creates, registers its clock: a call without an observer is not worth
//! draining. When the caller leaves, the drain sets the time, by the clock of the observer, and the observer
//! ends the span at that time although it still reads.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use opentelemetry::Context;

use crate::clock::Clock;

/// The state that both sides of a call share.
#[derive(Debug, Clone, Default)]
pub(crate) struct DrainSignal(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// The clock of the call's observer, once there is one.
    observer: OnceLock<Clock>,
    /// When the caller left.
    abandoned_at: OnceLock<Instant>,
}

impl DrainSignal {
    /// Returns the signal of the drain around a call made in `cx`, if there is one.
    pub(crate) fn from_context(cx: &Context) -> Option<Self> {
        cx.get().cloned()
    }

    /// Registers the observer of the call, by its clock.
    pub(crate) fn observe(&self, clock: Clock) {
        let _ = self.0.observer.set(clock);
    }

    /// Returns the time at which the caller left, if a drain reads on.
    pub(crate) fn abandoned_at(&self) -> Option<Instant> {
        self.0.abandoned_at.get().copied()
    }

    /// Returns the current context with this signal, for the observer.
    pub(crate) fn context(&self) -> Context {
        Context::current_with_value(self.clone())
    }

    /// Returns whether the call has an observer.
    pub(crate) fn is_observed(&self) -> bool {
        self.0.observer.get().is_some()
    }

    /// Sets the time at which the caller left to now.
    pub(crate) fn abandon(&self) {
        if let Some(clock) = self.0.observer.get() {
            let _ = self.0.abandoned_at.set(clock.now());
        }
    }
}
