//! A scope that has started.

use std::fmt;
use std::time::{Instant, SystemTime};

use opentelemetry::global::BoxedSpan;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, ContextGuard};
use throughline_tracing_layer::provider::LazyInstruments;

use super::close::Close;
use super::failure::Failure;
use super::handle::ScopeHandle;
use super::instruments::Instruments;
use super::ledger::Tokens;

/// A scope that has started. Dropping it ends the scope.
#[derive(Debug)]
pub struct RunningScope {
    cx: Context,
    /// The same context without the scope, for the end of the scope.
    outer: Context,
    handle: ScopeHandle,
    instruments: LazyInstruments<Instruments>,
    /// Whether the context's span is this scope's own.
    has_span: bool,
    started: Instant,
    failure: Option<Failure>,
}

impl RunningScope {
    #[inline]
    pub(super) fn new(
        parent: &Context,
        handle: ScopeHandle,
        span: Option<BoxedSpan>,
        instruments: LazyInstruments<Instruments>,
    ) -> Self {
        let has_span = span.is_some();
        let outer = match span {
            Some(span) => parent.with_span(span),
            None => parent.clone(),
        };
        let cx = outer.with_value(handle.clone());
        Self {
            cx: match handle.names_to_baggage {
                true => handle.names.put_in_baggage(cx),
                false => cx,
            },
            outer,
            has_span,
            handle,
            instruments,
            started: Instant::now(),
            failure: None,
        }
    }

    /// The context of the scope, for work to be run in it.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.cx
    }

    /// Makes the scope current on this thread until the guard is dropped.
    ///
    /// Never hold the guard across an `.await`, since the scope would be current for other tasks on this thread. On a runtime with
    /// many threads it does not compile: the guard is not `Send`.
    #[must_use = "the scope is current until this is dropped"]
    pub fn attach(&self) -> ContextGuard {
        self.cx.clone().attach()
    }

    /// Returns the tokens of the model calls beneath this scope so far.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        self.handle.tokens()
    }

    /// Marks the span as failed: status `Error` with the error's text, `error.type` its [class](throughline_tracing_layer::error_type).
    pub fn fail<E: fmt::Display + 'static>(&mut self, error: &E) {
        self.fail_with(Failure::new(error));
    }

    pub(super) fn fail_with(&mut self, failure: Failure) {
        self.failure = Some(failure);
    }
}

impl Drop for RunningScope {
    fn drop(&mut self) {
        let panicked = std::thread::panicking().then(Failure::panicked);
        let close = Close {
            cx: self.outer.clone(),
            agent: self.handle.names.agent.clone(),
            run: self.handle.run.clone(),
            instruments: self.instruments.clone(),
            failure: panicked.or_else(|| self.failure.take()),
            duration: self.started.elapsed(),
            ended_at: self.has_span.then(SystemTime::now),
        };
        self.handle.ledger.close(|ledger| close.record(ledger));
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
