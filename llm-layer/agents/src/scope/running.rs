//! A scope that has begun.

use std::fmt;
use std::time::{Instant, SystemTime};

use opentelemetry::global::BoxedSpan;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, ContextGuard};

use super::close::Close;
use super::failure::Failure;
use super::handle::ScopeHandle;
use super::ledger::Tokens;

/// A scope that has begun, and ends when it is dropped.
#[derive(Debug)]
pub struct Running {
    cx: Context,
    /// The same context without the scope, which it ends in.
    outer: Context,
    scope: ScopeHandle,
    /// Whether the context's span is this scope's own.
    has_span: bool,
    started: Instant,
    failure: Option<Failure>,
}

impl Running {
    #[inline]
    pub(super) fn new(parent: &Context, scope: ScopeHandle, span: Option<BoxedSpan>) -> Self {
        let has_span = span.is_some();
        let outer = match span {
            Some(span) => parent.with_span(span),
            None => parent.clone(),
        };
        let cx = outer.with_value(scope.clone());
        Self {
            cx: match scope.shares {
                true => scope.names.put_in_baggage(cx),
                false => cx,
            },
            outer,
            has_span,
            scope,
            started: Instant::now(),
            failure: None,
        }
    }

    /// The context of the scope, for work to be run in it.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.cx
    }

    /// Makes the scope current on this thread until the guard is dropped. Never hold the guard across an `.await`: it is
    /// not `Send`, so a future that does so cannot be spawned on a runtime of many threads; on one of a single thread it
    /// would be current for others' work.
    #[must_use = "the scope is current until this is dropped"]
    pub fn attach(&self) -> ContextGuard {
        self.cx.clone().attach()
    }

    /// Returns the tokens of the model calls beneath this scope so far.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        self.scope.tokens()
    }

    /// Marks the span as failed: status `Error` with the error's text, `error.type` its [class](throughline_tracing_layer::error_type).
    pub fn fail<E: fmt::Display + 'static>(&mut self, error: &E) {
        self.fail_with(Failure::new(error));
    }

    pub(super) fn fail_with(&mut self, failure: Failure) {
        self.failure = Some(failure);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let panicked = std::thread::panicking().then(Failure::panicked);
        let close = Close {
            cx: self.outer.clone(),
            agent: self.scope.names.agent.clone(),
            run: self.scope.run.clone(),
            failure: panicked.or_else(|| self.failure.take()),
            duration: self.started.elapsed(),
            ended_at: self.has_span.then(SystemTime::now),
        };
        self.scope.ledger.close(|ledger| close.record(ledger));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::scope::tool;

    #[test]
    fn a_scope_that_waits_for_a_call_is_owned_by_the_call_alone() {
        let running = tool("search").start();
        let call = running.scope.hold();
        let ledger = Arc::downgrade(&running.scope.ledger);
        drop(running);
        assert_eq!(ledger.strong_count(), 1, "the open call owns the ledger");
        drop(call);
        assert_eq!(ledger.strong_count(), 0, "the ledger does not own itself");
    }
}
