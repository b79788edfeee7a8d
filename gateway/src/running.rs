//! Whether the gateway is stopping, for everything that has to know.

use tokio::sync::watch;

/// A signal that the gateway is to stop. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    stopping: watch::Sender<bool>,
}

impl Running {
    pub(crate) fn new() -> Self {
        Self {
            stopping: watch::Sender::new(false),
        }
    }

    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Completes when the gateway is to stop.
    pub(crate) async fn stopped(&self) {
        // The sender is a part of `self`, so that it is not dropped.
        let _ = self
            .stopping
            .subscribe()
            .wait_for(|is_stopping| *is_stopping)
            .await;
    }
}
