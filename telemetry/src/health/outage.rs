//! Tracks outages of deliveries, and decides which of them are reported.
//!
//! The start and the end of an outage are reported, so that the log shows its duration. An unstable
//! destination would flood the log, so the reports are limited: a few in a row, then one per
//! [`REPORT_INTERVAL`]. Other outages are counted, and the next message contains the sum. The caller passes
//! the time, which makes this a pure state machine.

use std::time::{Duration, Instant};

/// The outages of one signal.
#[derive(Debug)]
pub(super) struct Outages {
    current: Option<Outage>,
    allowance: Allowance,
    unreported: UnreportedOutages,
}

#[derive(Debug)]
struct Outage {
    began: Instant,
    lost: u64,
    is_reported: bool,
}

/// Outages that were not reported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct UnreportedOutages {
    pub(super) outages: u64,
    pub(super) lost: u64,
}

/// A message about outages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutageNotice {
    Began {
        before: UnreportedOutages,
    },
    Ended {
        after: Duration,
        lost: u64,
    },
    /// Ended outages that were not reported.
    Passed(UnreportedOutages),
}

impl Outages {
    pub(super) fn new() -> Self {
        Self {
            current: None,
            allowance: Allowance::new(),
            unreported: UnreportedOutages::default(),
        }
    }

    /// Records a failed delivery that lost `lost` items.
    pub(super) fn failed(&mut self, now: Instant, lost: u64) -> Option<OutageNotice> {
        let current = self.current.get_or_insert(Outage {
            began: now,
            lost: 0,
            is_reported: false,
        });
        current.lost += lost;
        if current.is_reported || !self.allowance.take(now) {
            return None;
        }
        current.is_reported = true;
        let before = std::mem::take(&mut self.unreported);
        Some(OutageNotice::Began { before })
    }

    /// Records a successful delivery.
    pub(super) fn delivered(&mut self, now: Instant) -> Option<OutageNotice> {
        match self.current.take() {
            Some(outage) if outage.is_reported => {
                return Some(OutageNotice::Ended {
                    after: now.saturating_duration_since(outage.began),
                    lost: outage.lost,
                });
            }
            Some(outage) => {
                self.unreported.outages += 1;
                self.unreported.lost += outage.lost;
            }
            None => {}
        }
        (self.unreported.outages > 0 && self.allowance.take(now)).then(|| self.passed())
    }

    /// Returns the unreported outages at shutdown, when no later message follows.
    pub(super) fn rest(&mut self) -> Option<OutageNotice> {
        (self.unreported.outages > 0).then(|| self.passed())
    }

    fn passed(&mut self) -> OutageNotice {
        OutageNotice::Passed(std::mem::take(&mut self.unreported))
    }
}

/// The number of outages that may be reported: first [`MAX_BURST`], then one more per [`REPORT_INTERVAL`].
#[derive(Debug)]
struct Allowance {
    remaining: u32,
    since: Option<Instant>,
}

impl Allowance {
    fn new() -> Self {
        Self {
            remaining: MAX_BURST,
            since: None,
        }
    }

    fn take(&mut self, now: Instant) -> bool {
        let since = *self.since.get_or_insert(now);
        let more = now.saturating_duration_since(since).as_secs() / REPORT_INTERVAL.as_secs();
        if more > 0 {
            self.remaining = self
                .remaining
                .saturating_add(u32::try_from(more).unwrap_or(MAX_BURST))
                .min(MAX_BURST);
            self.since = Some(now);
        }
        let has = self.remaining > 0;
        self.remaining = self.remaining.saturating_sub(1);
        has
    }
}

/// A frequent event that is reported immediately, and then as a sum per [`REPORT_INTERVAL`].
#[derive(Debug, Default)]
pub(super) struct RepeatTally {
    reported_at: Option<Instant>,
    unreported: u64,
}

impl RepeatTally {
    /// Adds `times` events, and returns the number to report, if a report is due.
    pub(super) fn add(&mut self, now: Instant, times: u64) -> Option<u64> {
        self.unreported += times;
        if self
            .reported_at
            .is_some_and(|at| now.saturating_duration_since(at) < REPORT_INTERVAL)
        {
            return None;
        }
        self.reported_at = Some(now);
        self.rest()
    }

    /// Returns the number that was not reported yet.
    pub(super) fn rest(&mut self) -> Option<u64> {
        Some(std::mem::take(&mut self.unreported)).filter(|unreported| *unreported > 0)
    }
}

const MAX_BURST: u32 = 3;
const REPORT_INTERVAL: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds, the event, and the expected report. The event is `None` for a delivery, or the number of
    /// items lost by a failure.
    type Step = (u64, Option<u64>, Option<OutageNotice>);

    fn follow(steps: &[Step]) {
        let (begun, mut outages) = (Instant::now(), Outages::new());
        for (index, (second, happened, expected)) in steps.iter().enumerate() {
            let now = begun + Duration::from_secs(*second);
            let notice = match happened {
                Some(lost) => outages.failed(now, *lost),
                None => outages.delivered(now),
            };
            assert_eq!(notice, *expected, "step {index}, at {second} s");
        }
    }

    fn began(outages: u64, lost: u64) -> Option<OutageNotice> {
        let before = UnreportedOutages { outages, lost };
        Some(OutageNotice::Began { before })
    }

    fn ended(seconds: u64, lost: u64) -> Option<OutageNotice> {
        let after = Duration::from_secs(seconds);
        Some(OutageNotice::Ended { after, lost })
    }

    #[test]
    fn the_start_and_the_end_of_each_outage_are_reported() {
        follow(&[
            (0, None, None),
            (10, Some(5), began(0, 0)),
            (15, Some(5), None),
            (20, None, ended(10, 10)),
            (25, None, None),
            (100, Some(1), began(0, 0)),
            (4_000, Some(1), None),
            (4_001, None, ended(3_901, 2)),
        ]);
    }

    #[test]
    fn frequent_outages_are_reported_as_a_sum() {
        follow(&[
            (0, Some(1), began(0, 0)),
            (1, None, ended(1, 1)),
            (2, Some(1), began(0, 0)),
            (3, None, ended(1, 1)),
            (4, Some(1), began(0, 0)),
            (5, None, ended(1, 1)),
            (6, Some(7), None),
            (7, None, None),
            (8, Some(8), None),
            (9, None, None),
            // Half a minute has passed since the first.
            (30, Some(1), began(2, 15)),
            (31, None, ended(1, 1)),
            (32, Some(4), None),
            (33, None, None),
            (
                60,
                None,
                Some(OutageNotice::Passed(UnreportedOutages { outages: 1, lost: 4 })),
            ),
            (61, None, None),
            // An outage without an allowance is reported as soon as there is one.
            (62, Some(2), None),
            (91, Some(2), began(0, 0)),
            (92, None, ended(30, 4)),
        ]);
    }

    #[test]
    fn frequent_events_are_reported_as_a_sum() {
        let (begun, mut repeated) = (Instant::now(), RepeatTally::default());
        for (second, times, expected) in [
            (0, 1, Some(1)),
            (1, 2, None),
            (29, 3, None),
            (30, 4, Some(9)),
            (90, 1, Some(1)),
            (91, 1, None),
        ] {
            let now = begun + Duration::from_secs(second);
            assert_eq!(repeated.add(now, times), expected, "at {second} s");
        }
        assert_eq!(repeated.rest(), Some(1), "the rest at the end");
        assert_eq!(repeated.rest(), None, "once");
    }
}
