//! A scope that has started.

use std::fmt;
use std::time::SystemTime;

use opentelemetry::{Context, ContextGuard};
use serde_core::Serialize;

use super::close::Close;
use super::failure::Failure;
use super::handle::ScopeHandle;
use super::tokens::Tokens;

/// A scope that has started. Dropping it ends the scope.
#[derive(Debug)]
pub struct RunningScope {
    cx: Context,
    handle: ScopeHandle,
    /// `None` once it has ended.
    close: Option<Close>,
}

impl RunningScope {
    /// Makes a scope of what is recorded at its end, beneath the context there.
    #[inline]
    pub(super) fn new(handle: ScopeHandle, close: Close) -> Self {
        let cx = close.cx.with_value(handle.clone());
        Self {
            cx: match handle.names_to_baggage {
                true => handle.names.put_in_baggage(cx),
                false => cx,
            },
            handle,
            close: Some(close),
        }
    }

    /// The context of the scope, for work to be run in it.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.cx
    }

    /// Makes the scope current on this thread until the guard is dropped.
    ///
    /// Never hold the guard across an `.await`, since the scope would be current for other tasks on this
    /// thread. On a runtime with many threads it does not compile: the guard is not `Send`.
    #[must_use = "the scope is current until this is dropped"]
    pub fn attach(&self) -> ContextGuard {
        self.cx.clone().attach()
    }

    /// Returns the tokens of the model calls beneath this scope so far.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        self.handle.tokens()
    }

    /// Records the result of a tool: see [`ScopeHandle::record_result`].
    pub fn record_result<T: Serialize + ?Sized>(&self, result: &T) {
        self.handle.record_result(result);
    }

    /// Marks the span as failed: status `Error` with the error's text, `error.type` its
    /// [class](throughline_tracing_layer::error_type).
    pub fn fail<E: fmt::Display + 'static>(&mut self, error: &E) {
        self.fail_with(Failure::new(error));
    }

    pub(super) fn fail_with(&mut self, failure: Failure) {
        if let Some(close) = &mut self.close {
            close.failure = Some(failure);
        }
    }
}

impl Drop for RunningScope {
    fn drop(&mut self) {
        let Some(mut close) = self.close.take() else {
            return;
        };
        if std::thread::panicking() {
            close.failure = Some(Failure::panicked());
        }
        let duration = close.started.elapsed();
        let ended_at = close.has_span.then(SystemTime::now);
        self.handle
            .ledger
            .close(move |ledger| close.record(ledger, duration, ended_at));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::scope::tool;

    #[test]
    fn a_scope_that_waits_for_a_call_is_owned_by_the_call_alone() {
        let running = tool("search").start();
        let call = running.handle.hold();
        let ledger = Arc::downgrade(&running.handle.ledger);
        drop(running);
        assert_eq!(ledger.strong_count(), 1, "the open call owns the ledger");
        drop(call);
        assert_eq!(ledger.strong_count(), 0, "the ledger does not own itself");
    }
}
