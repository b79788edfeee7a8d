//! An observer that is told its end exactly once.

use std::mem;

use super::{End, Observe};

/// An observer on duty: dropped before [`EndGuard::end`], it is told that the exchange was dropped, or that it panicked.
#[derive(Debug)]
pub(crate) struct EndGuard<O: Observe> {
    observer: Option<O>,
    working: bool,
    called: bool,
}

impl<O: Observe> EndGuard<O> {
    /// Puts an observer on duty. Do it before the inner service is called, so that a panic in the call is seen.
    #[inline]
    pub(crate) fn new(observer: O) -> Self {
        Self {
            observer: Some(observer),
            working: false,
            called: false,
        }
    }

    /// The inner service's call has come back. A panic that unwinds past the observer from now on is somebody else's,
    /// unless it leaves [`EndGuard::poll`].
    #[inline]
    pub(super) fn called(mut self) -> Self {
        self.called = true;
        self
    }

    /// Runs `work` in the context of the exchange.
    ///
    /// For what the inner service does on behalf of the caller: its call, its polls, its destructors.
    #[inline]
    pub(super) fn attached<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.observer {
            Some(observer) => observer.attached(work),
            None => work(),
        }
    }

    /// Like [`EndGuard::attached`], and remembers a panic that leaves `work`, also if somebody catches it outside.
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

    /// Tells the end.
    #[inline]
    pub(super) fn end(mut self, end: End<'_>) {
        if let Some(observer) = self.observer.take() {
            observer.on_end(end);
        }
    }
}

impl<O: Observe> Drop for EndGuard<O> {
    fn drop(&mut self) {
        let panicked = self.working || (!self.called && std::thread::panicking());
        if let Some(observer) = self.observer.take() {
            observer.on_end(if panicked { End::Panicked } else { End::Dropped });
        }
    }
}
