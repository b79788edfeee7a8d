//! The delays between retries.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::verdict::Retry;

/// Exponential backoff, with jitter so that services that fail at the same time do not retry at the same
/// time.
#[derive(Debug)]
pub(super) struct Backoff {
    attempts: u32,
    wait: Duration,
}

impl Backoff {
    pub(super) fn new() -> Self {
        Self {
            attempts: 0,
            wait: FIRST_WAIT,
        }
    }

    /// Returns the delay before the next attempt, or `None` if there is no further attempt or no time for it.
    pub(super) fn next(&mut self, retry: Retry, remaining: Duration) -> Option<Duration> {
        self.next_with(retry, remaining, chance())
    }

    fn next_with(&mut self, retry: Retry, remaining: Duration, jitter: Duration) -> Option<Duration> {
        let least = match retry {
            Retry::Never => return None,
            Retry::Backoff => Duration::ZERO,
            Retry::After(wait) => wait,
        };
        if self.attempts >= MAX_RETRIES {
            return None;
        }
        self.attempts += 1;
        let wait = self.wait.max(least).saturating_add(jitter);
        self.wait = self.wait.saturating_mul(2);
        (wait < remaining).then_some(wait)
    }
}

fn chance() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Duration::from_micros(u64::from(now.subsec_micros() % MAX_JITTER_MICROS))
}

/// The same as in the exporters of `opentelemetry-otlp`.
const MAX_RETRIES: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const MAX_JITTER_MICROS: u32 = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_end() {
        let mut backoff = Backoff::new();
        let mut next = |retry| backoff.next_with(retry, Duration::MAX, Duration::from_millis(7));
        let waits = [
            Retry::Backoff,
            Retry::After(Duration::from_secs(9)),
            Retry::Backoff,
            Retry::Backoff,
        ]
        .map(&mut next);
        let millis = waits.map(|wait| wait.map(|wait| wait.as_millis()));
        assert_eq!(millis, [Some(107), Some(9_007), Some(407), None], "three retries");
    }

    #[test]
    fn no_retry_beyond_the_deadline() {
        for (retry, remaining, expected) in [
            (Retry::Never, u64::MAX, None),
            (Retry::Backoff, 100, None),
            (Retry::Backoff, 101, Some(100)),
            (Retry::After(Duration::from_secs(30)), 10_000, None),
            (Retry::After(Duration::from_secs(30)), 30_001, Some(30_000)),
        ] {
            let wait = Backoff::new().next_with(retry, Duration::from_millis(remaining), Duration::ZERO);
            assert_eq!(
                wait,
                expected.map(Duration::from_millis),
                "{retry:?} in {remaining} ms"
            );
        }
    }
}
