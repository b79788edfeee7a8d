//! Who reads, since the caller no longer does.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// Work that an [`Executor`] does, or a time that it lets pass.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs drains. With the feature `tokio`, `tokio::runtime::Handle` is one.
pub trait Executor: Send + Sync + 'static {
    /// Runs `work` to its end, or drops it. It is called where a body is dropped, and so must not block; if
    /// it panics, there is no drain.
    fn spawn(&self, work: Work);

    /// Ends after `time`. It is called in spawned work and in
    /// [`DrainLayer::settle`](super::DrainLayer::settle).
    fn sleep(&self, time: Duration) -> Work;
}

/// Needs a runtime with its time enabled: in one without, a drain panics at once, which ends nothing but
/// itself.
#[cfg(feature = "tokio")]
impl Executor for tokio::runtime::Handle {
    fn spawn(&self, work: Work) {
        // Joined by `DrainLayer::settle`, or dropped with the runtime.
        drop(tokio::runtime::Handle::spawn(self, work));
    }

    fn sleep(&self, time: Duration) -> Work {
        let _entered = self.enter();
        Box::pin(tokio::time::sleep(time))
    }
}
