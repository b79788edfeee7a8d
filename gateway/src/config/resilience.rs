//! Retries and circuits.

use serde::Deserialize;

use super::duration::Seconds;
use super::number::whole;

/// How often and when a request is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Retries {
    /// How often a request is sent to one provider. 1: no retry there.
    #[serde(deserialize_with = "whole::<1, MAX_ATTEMPTS, _, _>")]
    pub(crate) attempts: u32,
    /// The mean wait before the second try. Each further one is twice as long.
    pub(crate) backoff: Seconds,
    /// The longest wait. If a provider asks for more, the next provider is tried, or the answer is passed on.
    pub(crate) max_backoff: Seconds,
}

/// When a provider that fails gets no requests for a while.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Circuit {
    /// The failures in a row that open the circuit. 0: never.
    #[serde(deserialize_with = "whole::<0, MAX_FAILURES, _, _>")]
    pub(crate) failures: u32,
    /// The time until one request tries again.
    pub(crate) open_for: Seconds,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            attempts: 1,
            backoff: Seconds::from_millis(250),
            max_backoff: Seconds::new(8),
        }
    }
}

impl Default for Circuit {
    fn default() -> Self {
        Self {
            failures: 0,
            open_for: Seconds::new(30),
        }
    }
}

const MAX_ATTEMPTS: u64 = 10;
const MAX_FAILURES: u64 = 1_000_000;
