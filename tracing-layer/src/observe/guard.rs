//! A guard that ends an observer exactly once.

use std::mem;

use super::{End, Observe};

/// Holds an observer. If it is dropped before [`EndGuard::end`], the observer ends with [`End::Dropped`], or
/// with [`End::Panicked`] if the inner service panicked.
#[derive(Debug)]
pub(crate) struct EndGuard<O: Observe> {
    observer: Option<O>,
    working: bool,
    called: bool,
}

impl<O: Observe> EndGuard<O> {
    /// Creates a guard. Create it before the inner service is called, so that a panic in the call is
    /// observed.
    #[inline]
    pub(crate) fn new(observer: O) -> Self {
        Self {
            observer: Some(observer),
            working: false,
            called: false,
        }
    }

    /// Notes that the call of the inner service has returned. A panic that unwinds past the guard from now on
    /// is not the inner service's, unless it leaves [`EndGuard::poll`].
    #[inline]
    pub(super) fn called(&mut self) {
        self.called = true;
    }

    /// Runs `work` in the context of the exchange.
    ///
    /// Use it for work of the inner service: its call, its polls, its destructors.
    #[inline]
    pub(super) fn attached<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.observer {
            Some(observer) => observer.attached(work),
            None => work(),
        }
    }

    /// Like [`EndGuard::attached`], and notes a panic that leaves `work`, even if it is caught outside.
    #[inline]
    pub(super) fn poll<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let before = mem::replace(&mut self.working, true);
        let done = self.attached(work);
        self.working = before;
        done
    }

    pub(super) fn observer(&mut self) -> Option<&mut O> {
        self.observer.as_mut()
    }
}

/// Ends the observer of a guard, and drops the guard.
#[inline]
pub(crate) fn end<O: Observe>(guard: &mut Option<EndGuard<O>>, end: End<'_>) {
    if let Some(observer) = guard.as_mut().and_then(|guard| guard.observer.take()) {
        observer.on_end(end);
    }
    *guard = None;
}

impl<O: Observe> Drop for EndGuard<O> {
    fn drop(&mut self) {
        let panicked = self.working || (!self.called && std::thread::panicking());
        if let Some(observer) = self.observer.take() {
            observer.on_end(if panicked { End::Panicked } else { End::Dropped });
        }
    }
}
