//! The end of the service: the signal, and the conversations that end after it.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What a WebSocket needs to end in time. Cheap to clone.
///
/// Graceful shutdown of `axum::serve` waits for the bodies of responses, so that event streams can end. It does
/// not wait for WebSockets, whose tasks are tracked here.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shutdown {
    /// Cancelled on Ctrl-C or SIGTERM.
    pub(crate) signal: CancellationToken,
    /// The open WebSockets.
    pub(crate) conversations: TaskTracker,
}

impl Shutdown {
    /// Starts to listen for Ctrl-C and SIGTERM.
    pub(crate) fn listen() -> Self {
        let shutdown = Self::default();
        let signal = shutdown.signal.clone();
        tokio::spawn(async move {
            interrupted().await;
            signal.cancel();
        });
        shutdown
    }

    /// Waits for the WebSockets, each of which answers its last question.
    pub(crate) async fn conversations_ended(&self) {
        self.conversations.close();
        self.conversations.wait().await;
    }
}

/// Completes on Ctrl-C or SIGTERM.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {},
                _ = terminated.recv() => {},
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
