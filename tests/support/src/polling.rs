//! Waiting without a fixed time.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// What is on its way arrives within this, on the slowest machine; nothing that works takes it.
pub const TEST_TIMEOUT: Duration = Duration::from_secs(60);

/// Polls until `poll` returns a value, and returns that. The pause between two polls doubles from 1 ms to 50
/// ms.
///
/// # Panics
/// Panics with `what` if there is no value within `deadline`.
pub async fn poll_until<T>(
    what: impl Display,
    deadline: Duration,
    mut poll: impl AsyncFnMut() -> Option<T>,
) -> T {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(value) = poll().await {
            return value;
        }
        assert!(start.elapsed() < deadline, "{what}: not within {deadline:?}");
        sleep(pause).await;
        pause = (2 * pause).min(MAX_PAUSE);
    }
}

const MAX_PAUSE: Duration = Duration::from_millis(50);
