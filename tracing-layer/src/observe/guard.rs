//! An observer that is told its end exactly once.

use super::{End, Observe};

/// An observer on duty: dropped before [`Armed::end`], it is told that the exchange was dropped, or that it panicked.
#[derive(Debug)]
pub struct Armed<O: Observe> {
    observer: Option<O>,
    working: bool,
}

impl<O: Observe> Armed<O> {
    /// Puts an observer on duty. Do it before the inner service is called, so that a panic in the call is seen.
    #[inline]
    pub fn new(observer: O) -> Self {
        Self {
            observer: Some(observer),
            working: false,
        }
    }

    /// Runs `work` in the context of the exchange.
    ///
    /// For what the inner service does on behalf of the caller: its call, its polls, its destructors.
    #[inline]
    pub fn attached<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.observer {
            Some(observer) => observer.attached(work),
            None => work(),
        }
    }

    /// Like [`Armed::attached`], and remembers a panic that leaves `work`, also if somebody catches it outside.
    #[inline]
    pub(super) fn poll<T>(&mut self, work: impl FnOnce() -> T) -> T {
        self.working = true;
        let done = self.attached(work);
        self.working = false;
        done
    }

    pub(super) fn observer(&mut self) -> Option<&mut O> {
        self.observer.as_mut()
    }

    /// Tells the end.
    #[inline]
    pub fn end(mut self, end: End<'_>) {
        if let Some(observer) = self.observer.take() {
            observer.on_end(end);
        }
    }
}

impl<O: Observe> Drop for Armed<O> {
    fn drop(&mut self) {
        let panicked = self.working || std::thread::panicking();
        if let Some(observer) = self.observer.take() {
            observer.on_end(if panicked { End::Panicked } else { End::Dropped });
        }
    }
}
