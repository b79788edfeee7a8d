//! The executor that runs drains.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// A future that an [`Executor`] runs or returns.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs drains in the background. With the feature `tokio`, it is implemented for `tokio::runtime::Handle`.
pub trait Executor: Send + Sync + 'static {
    /// Runs `work` to its end, or drops it. Must not block, since it is called when a body or a future is
    /// dropped. If it panics, nothing is drained.
    fn spawn(&self, work: Work);

    /// Returns a future that completes after `time`. Called in spawned work and in
    /// [`DrainLayer::wait_idle`](super::DrainLayer::wait_idle).
    fn sleep(&self, time: Duration) -> Work;
}

/// The time driver of the runtime must be enabled. Without it, each drain panics in its own task and drains
/// nothing.
#[cfg(feature = "tokio")]
impl Executor for tokio::runtime::Handle {
    fn spawn(&self, work: Work) {
        // Detached: `DrainLayer::wait_idle` waits for it, or it is dropped with the runtime.
        drop(tokio::runtime::Handle::spawn(self, work));
    }

    fn sleep(&self, time: Duration) -> Work {
        let _entered = self.enter();
        Box::pin(tokio::time::sleep(time))
    }
}
