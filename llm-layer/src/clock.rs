//! The clock of a layer.

use std::time::Instant;

/// Tells the time; in tests, the time that they set.
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
