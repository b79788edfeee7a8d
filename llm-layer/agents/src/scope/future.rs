//! A future in a scope.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

use opentelemetry::Context;
use pin_project_lite::pin_project;

use super::failure::Failure;
use super::{Running, Scope, ScopeHandle};

pin_project! {
    /// Polls, and drops, a future with its scope current.
    ///
    /// The scope begins with the first poll, and its parent is the context in which this was made: it may be spawned. If
    /// it is first polled in a scope beneath that context's, as in `workflow("w").run(agent("a").run(…))`, that is its
    /// parent.
    #[must_use = "futures do nothing unless polled"]
    #[project = Projected]
    pub struct InScope<F: Future> {
        #[pin]
        inner: Option<F>,
        judge: fn(&F::Output) -> Option<Failure>,
        parent: Context,
        scope: Option<Scope>,
        running: Option<Running>,
    }

    impl<F: Future> PinnedDrop for InScope<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(mut running) = this.running.take() {
                let attached = running.attach();
                this.inner.set(None);
                drop(attached);
                running.fail_with(Failure::cancelled());
            }
        }
    }
}

impl<F: Future> InScope<F> {
    pub(super) fn new(scope: Scope, future: F, judge: fn(&F::Output) -> Option<Failure>) -> Self {
        Self {
            inner: Some(future),
            judge,
            parent: Context::current(),
            scope: Some(scope),
            running: None,
        }
    }

    /// A future whose scope has begun.
    pub(super) fn begun(scope: Running, future: F, judge: fn(&F::Output) -> Option<Failure>) -> Self {
        Self {
            inner: Some(future),
            judge,
            parent: Context::new(),
            scope: None,
            running: Some(scope),
        }
    }
}

impl<F: Future> Future for InScope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<F::Output> {
        let Projected {
            mut inner,
            judge,
            parent,
            scope,
            running,
        } = self.project();
        if let Some(scope) = scope.take() {
            let nested = Context::map_current(|cx| ScopeHandle::is_beneath(cx, parent).then(|| cx.clone()));
            *running = Some(scope.start_under(nested.as_ref().unwrap_or(parent)));
        }
        let (Some(mut scope), Some(future)) = (running.take(), inner.as_mut().as_pin_mut()) else {
            return Poll::Pending;
        };
        let attached = scope.attach();
        let Poll::Ready(output) = future.poll(cx) else {
            drop(attached);
            *running = Some(scope);
            return Poll::Pending;
        };
        inner.set(None);
        drop(attached);
        if let Some(failure) = judge(&output) {
            scope.fail_with(failure);
        }
        Poll::Ready(output)
    }
}

impl<F: Future> fmt::Debug for InScope<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InScope")
            .field("scope", &self.scope)
            .field("running", &self.running)
            .finish_non_exhaustive()
    }
}
