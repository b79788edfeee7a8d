//! The clock of a layer.

use std::time::Instant;

/// Returns the current time. Tests replace it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(pub(crate) fn() -> Instant);

impl Clock {
    pub(crate) fn now(self) -> Instant {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self(Instant::now)
    }
}
