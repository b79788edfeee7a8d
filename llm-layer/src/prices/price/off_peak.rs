//! Times of the week.

use std::time::{SystemTime, UNIX_EPOCH};

/// The times at which other prices apply.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::prices) struct OffPeak {
    pub(in crate::prices) windows: Vec<Window>,
    /// By how many seconds the days of the week begin before those of UTC.
    pub(in crate::prices) weekday_offset: u64,
}

/// A window of time on some days.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::prices) struct Window {
    /// Whether it is on a day, from Monday on.
    pub(in crate::prices) weekdays: [bool; 7],
    /// The second of the day at which it begins, in UTC.
    pub(in crate::prices) from: u64,
    /// The second of the day at which it ends. If that is not after its begin, it goes past midnight.
    pub(in crate::prices) to: u64,
}

impl OffPeak {
    pub(super) fn contains(&self, time: SystemTime) -> bool {
        let Ok(since) = time.duration_since(UNIX_EPOCH) else {
            return false;
        };
        let second = since.as_secs() % DAY;
        // The first of January 1970 was a Thursday.
        let weekday = ((since.as_secs() + self.weekday_offset) / DAY + 3) % 7;
        self.windows.iter().any(|window| {
            let mut days = window.weekdays.iter().zip(0..);
            let is_day = days.any(|(is_on, day)| *is_on && day == weekday);
            let (has_begun, has_ended) = (second >= window.from, second >= window.to);
            let is_within = if window.from < window.to {
                has_begun && !has_ended
            } else {
                has_begun || !has_ended
            };
            is_day && is_within
        })
    }
}

const DAY: u64 = 86_400;
