//! Processor time.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The time of all threads of this process.
pub(crate) fn of_process() -> Duration {
    time(ClockId::ProcessCPUTime)
}

/// The time of this thread.
pub(crate) fn of_thread() -> Duration {
    time(ClockId::ThreadCPUTime)
}

fn time(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}
