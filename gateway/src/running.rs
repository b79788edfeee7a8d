//! Whether the gateway is stopping, for everything that has to know.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// A signal that the gateway is to stop. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    is_stopping: AtomicBool,
    stopping: Notify,
}

impl Running {
    pub(crate) fn new() -> Self {
        Self {
            shared: Arc::new(Shared {
                is_stopping: AtomicBool::new(false),
                stopping: Notify::new(),
            }),
        }
    }

    pub(crate) fn stop(&self) {
        self.shared.is_stopping.store(true, Ordering::SeqCst);
        self.shared.stopping.notify_waiters();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.shared.is_stopping.load(Ordering::Acquire)
    }

    /// Completes when the gateway is to stop.
    pub(crate) async fn stopped(&self) {
        // It waits from its creation on, so that a stop after the look at the flag is not missed.
        let stopping = self.shared.stopping.notified();
        if !self.is_stopping() {
            stopping.await;
        }
    }
}
