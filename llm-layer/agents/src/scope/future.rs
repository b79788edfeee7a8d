//! A future in a scope.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

use opentelemetry::Context;
use pin_project_lite::pin_project;

use super::failure::Failure;
use super::handle::ScopeHandle;
use super::running::RunningScope;
use super::setup::Scope;

pin_project! {
    /// A future that is polled and dropped with its scope current.
    ///
    /// The scope starts with the first poll. Its parent is the context in which this future was made, so it can be spawned. If the
    /// first poll is in a scope beneath that context, as in `workflow("w").run(agent("a").run(…))`, that scope is the parent.
    #[must_use = "futures do nothing unless polled"]
    #[project = Projected]
    pub struct InScope<F: Future> {
        #[pin]
        inner: Option<F>,
        judge: fn(&F::Output) -> Option<Failure>,
        parent: Context,
        scope: Option<Scope>,
        running: Option<RunningScope>,
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

    /// A future whose scope has started.
    pub(super) fn started(scope: RunningScope, future: F, judge: fn(&F::Output) -> Option<Failure>) -> Self {
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
