//! Percentiles of durations, estimated from the buckets of histograms.

use std::time::Duration;

/// Durations in seconds, in buckets.
#[derive(Debug, Clone, Default)]
pub(super) struct Durations {
    buckets: Buckets,
    min: Option<f64>,
    max: Option<f64>,
}

#[derive(Debug, Clone)]
enum Buckets {
    /// Each bucket ends at a bound, and the last one has none.
    Explicit {
        bounds: Vec<f64>,
        counts: Vec<u64>,
    },
    Exponential(Exponential),
    /// Only the number is known.
    Counted(u64),
}

/// Buckets whose bounds grow by a factor
/// (<https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponential-scale>).
#[derive(Debug, Clone)]
struct Exponential {
    scale: i32,
    /// The index of the first bucket. The bucket of an index ends at the power of the index after it.
    offset: i64,
    counts: Vec<u64>,
    /// The durations before all buckets.
    zeros: u64,
}

impl Default for Buckets {
    fn default() -> Self {
        Self::Counted(0)
    }
}

impl Durations {
    pub(super) fn new(bounds: Vec<f64>, counts: Vec<u64>, min: Option<f64>, max: Option<f64>) -> Self {
        let buckets = Buckets::Explicit { bounds, counts };
        Self { buckets, min, max }
    }

    /// Durations in exponential buckets, from the one with the index `offset` on. `zeros` are before them.
    pub(super) fn exponential(
        (scale, offset): (i8, i32),
        zeros: u64,
        counts: impl Iterator<Item = u64>,
        (min, max): (Option<f64>, Option<f64>),
    ) -> Self {
        let buckets = Buckets::Exponential(Exponential {
            scale: scale.into(),
            offset: offset.into(),
            counts: counts.collect(),
            zeros,
        });
        Self { buckets, min, max }
    }

    /// Durations of which only the number is known.
    pub(super) fn counted(count: u64) -> Self {
        Self {
            buckets: Buckets::Counted(count),
            min: None,
            max: None,
        }
    }

    pub(super) fn count(&self) -> u64 {
        match &self.buckets {
            Buckets::Explicit { counts, .. } => counts.iter().sum(),
            Buckets::Exponential(buckets) => buckets.zeros + buckets.counts.iter().sum::<u64>(),
            Buckets::Counted(count) => *count,
        }
    }

    /// Adds others. Of explicit buckets with different bounds, only the number is known from then on.
    pub(super) fn merge(&mut self, other: &Self) {
        if self.count() == 0 {
            *self = other.clone();
            return;
        }
        if other.count() == 0 {
            return;
        }
        let (min, max) = (self.min.zip(other.min), self.max.zip(other.max));
        self.min = min.map(|(one, other)| one.min(other));
        self.max = max.map(|(one, other)| one.max(other));
        match (&mut self.buckets, &other.buckets) {
            (
                Buckets::Explicit { bounds, counts },
                Buckets::Explicit {
                    bounds: other_bounds,
                    counts: others,
                },
            ) if bounds == other_bounds && counts.len() == others.len() => {
                for (count, more) in counts.iter_mut().zip(others) {
                    *count += more;
                }
            }
            (Buckets::Exponential(buckets), Buckets::Exponential(others)) => buckets.merge(others),
            _ => *self = Self::counted(self.count() + other.count()),
        }
    }

    /// Returns the duration that this part of all is not longer than: within its bucket, evenly distributed.
    pub(super) fn quantile(&self, part: f64) -> Option<Duration> {
        let rank = part * self.count() as f64;
        let mut below = 0.0;
        for Bucket { from, to, count } in self.buckets() {
            let count = count as f64;
            if count > 0.0 && below + count >= rank {
                let to = to.or(self.max)?;
                let from = from.min(to);
                let within = ((rank - below) / count).clamp(0.0, 1.0);
                let estimate = from + (to - from) * within;
                let (min, max) = (self.min.unwrap_or(0.0), self.max.unwrap_or(f64::MAX));
                return Duration::try_from_secs_f64(estimate.min(max).max(min)).ok();
            }
            below += count;
        }
        None
    }

    fn buckets(&self) -> Vec<Bucket> {
        match &self.buckets {
            Buckets::Explicit { bounds, counts } => {
                let starts = std::iter::once(0.0).chain(bounds.iter().copied());
                let ends = bounds.iter().copied().map(Some).chain(std::iter::once(None));
                let buckets = starts.zip(ends).zip(counts);
                buckets
                    .map(|((from, to), &count)| Bucket { from, to, count })
                    .collect()
            }
            Buckets::Exponential(buckets) => buckets.buckets(),
            Buckets::Counted(_) => Vec::new(),
        }
    }
}

/// The durations between two bounds.
#[derive(Debug)]
struct Bucket {
    from: f64,
    to: Option<f64>,
    count: u64,
}

impl Exponential {
    /// Adds others, in the buckets of the coarser scale, or of a still coarser one if they would be too many:
    /// two neighbours of a scale are one bucket of the next one.
    fn merge(&mut self, other: &Self) {
        let scale = self.scale.min(other.scale);
        let range = |buckets: &Self| {
            let steps = buckets.scale - scale;
            let last = buckets.offset + buckets.counts.len().max(1) as i64 - 1;
            (shifted(buckets.offset, steps), shifted(last, steps))
        };
        let ((first, last), (other_first, other_last)) = (range(self), range(other));
        let (first, last) = (first.min(other_first), last.max(other_last));
        let mut steps = 0;
        while shifted(last, steps) - shifted(first, steps) >= MAX_BUCKETS {
            steps += 1;
        }
        let mut merged = Self {
            scale: scale - steps,
            offset: shifted(first, steps),
            counts: Vec::new(),
            zeros: self.zeros + other.zeros,
        };
        for buckets in [&*self, other] {
            let steps = buckets.scale - merged.scale;
            for (index, count) in (buckets.offset..).zip(&buckets.counts) {
                let place = usize::try_from(shifted(index, steps) - merged.offset).unwrap_or_default();
                if merged.counts.len() <= place {
                    merged.counts.resize(place + 1, 0);
                }
                if let Some(merged) = merged.counts.get_mut(place) {
                    *merged += count;
                }
            }
        }
        *self = merged;
    }

    fn buckets(&self) -> Vec<Bucket> {
        let power = f64::from(-self.scale).exp2();
        let bound = |index: i64| (index as f64 * power).exp2();
        let zeros = Bucket {
            from: 0.0,
            to: Some(bound(self.offset)),
            count: self.zeros,
        };
        let others = (self.offset..).zip(&self.counts).map(|(index, &count)| Bucket {
            from: bound(index),
            to: Some(bound(index + 1)),
            count,
        });
        std::iter::once(zeros).chain(others).collect()
    }
}

/// Returns the index of a bucket in a scale that is coarser by so many steps.
fn shifted(index: i64, steps: i32) -> i64 {
    index >> steps.clamp(0, 63)
}

/// The buckets that are kept of merged series, as many as the SDK keeps of one.
const MAX_BUCKETS: i64 = 160;

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(durations: &Durations, part: f64) -> Option<u128> {
        durations.quantile(part).map(|duration| duration.as_millis())
    }

    #[test]
    fn percentiles_lie_within_their_buckets() {
        let bounds = vec![0.1, 0.2, 0.4];
        let cases = [
            (vec![10, 0, 0, 0], [Some(50), Some(95)]),
            (vec![0, 10, 10, 0], [Some(200), Some(380)]),
            (vec![0, 0, 0, 4], [Some(600), Some(780)]),
            (vec![0, 0, 0, 0], [None, None]),
        ];
        for (counts, expected) in cases {
            let durations = Durations::new(bounds.clone(), counts.clone(), Some(0.0), Some(0.8));
            assert_eq!(
                [0.5, 0.95].map(|part| millis(&durations, part)),
                expected,
                "{counts:?}"
            );
        }
        let one = Durations::new(bounds, vec![0, 0, 1, 0], Some(0.252), Some(0.252));
        assert_eq!(millis(&one, 0.5), Some(252), "a single duration is exact");
    }

    #[test]
    fn percentiles_of_exponential_buckets() {
        // At scale 0, the bounds are 0.25, 0.5, 1, 2.
        let durations = |zeros, counts: &[u64]| {
            let counts = counts.iter().copied();
            Durations::exponential((0, -2), zeros, counts, (Some(0.0), Some(1.9)))
        };
        for (zeros, counts, expected) in [
            (0, &[10, 0, 10][..], [Some(500), Some(1900)]),
            (0, &[10], [Some(375), Some(487)]),
            (4, &[], [Some(125), Some(237)]),
            (0, &[], [None, None]),
        ] {
            let durations = durations(zeros, counts);
            assert_eq!(
                durations.count(),
                zeros + counts.iter().sum::<u64>(),
                "{counts:?}"
            );
            let found = [0.5, 0.95].map(|part| millis(&durations, part));
            assert_eq!(found, expected, "{zeros}, {counts:?}");
        }
        let fine = Durations::exponential((20, 1 << 20), 0, [1].into_iter(), (None, None));
        assert_eq!(millis(&fine, 1.0), Some(2000), "the finest scale");
    }

    #[test]
    fn merged() {
        let mut all = Durations::default();
        all.merge(&Durations::new(vec![1.0], vec![3, 0], Some(0.5), Some(0.9)));
        all.merge(&Durations::new(vec![1.0], vec![0, 1], Some(2.0), Some(2.0)));
        assert_eq!(
            (all.count(), millis(&all, 0.95)),
            (4, Some(1800)),
            "of the same buckets"
        );
        all.merge(&Durations::counted(2));
        assert_eq!((all.count(), millis(&all, 0.95)), (6, None), "of others");
    }

    /// The percentiles of a row were lost if its series had different exponential buckets, as almost all have.
    #[test]
    fn exponential_buckets_are_merged_in_the_coarser_scale() {
        // At scale 1, the bounds are the powers of the square root of 2; at scale 0, those of 2.
        let fine = Durations::exponential((1, -2), 1, [4, 4].into_iter(), (Some(0.0), Some(0.9)));
        let coarse = Durations::exponential((0, 0), 0, [0, 10].into_iter(), (Some(2.1), Some(3.9)));
        let mut merged = fine.clone();
        merged.merge(&coarse);
        let mut reverse = coarse;
        reverse.merge(&fine);
        for (order, all) in [("into the finer", &merged), ("into the coarser", &reverse)] {
            assert_eq!(all.count(), 19, "{order}");
            // 1 at most 0.5, 8 from 0.5 to 1, 10 from 2 to 4.
            let found = [0.25, 0.5, 0.95].map(|part| millis(all, part));
            assert_eq!(found, [Some(734), Some(2100), Some(3810)], "{order}");
        }
    }

    /// Between a microsecond and an hour lie millions of buckets of the finest scale.
    #[test]
    fn merged_exponential_buckets_are_bounded() {
        let one = |index: i32| Durations::exponential((20, index), 0, [1].into_iter(), (None, None));
        let mut all = one(-20 << 20);
        all.merge(&one(11 << 20));
        all.merge(&one(i32::MAX));
        all.merge(&one(i32::MIN));
        assert_eq!(all.count(), 4, "all");
        let Buckets::Exponential(buckets) = &all.buckets else {
            panic!("{all:?}");
        };
        assert!(
            buckets.counts.len() as i64 <= MAX_BUCKETS,
            "{}",
            buckets.counts.len()
        );
        let mut seconds = one(1 << 20);
        seconds.merge(&one((1 << 20) + 300));
        let median = seconds.quantile(0.5).expect("a median").as_secs_f64();
        assert!((2.0..2.001).contains(&median), "{median} is close to 2 s");
    }
}
