//! Percentiles of durations, estimated from the buckets of histograms.

use std::time::Duration;

/// Durations in seconds, in buckets.
#[derive(Debug, Clone, Default)]
pub(super) struct Durations {
    bounds: Vec<f64>,
    counts: Vec<u64>,
    min: Option<f64>,
    max: Option<f64>,
}

impl Durations {
    pub(super) fn new(bounds: Vec<f64>, counts: Vec<u64>, min: Option<f64>, max: Option<f64>) -> Self {
        Self {
            bounds,
            counts,
            min,
            max,
        }
    }

    /// Durations in buckets whose bounds grow by a factor: from `offset` on, each ends at a power of that of
    /// [`scale`](https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponential-scale). `zeros` are
    /// before them.
    pub(super) fn exponential(
        (scale, offset): (i8, i32),
        zeros: u64,
        counts: impl Iterator<Item = u64>,
        (min, max): (Option<f64>, Option<f64>),
    ) -> Self {
        let power = 2_f64.powf(-f64::from(scale));
        let mut index = f64::from(offset);
        let mut durations = Self::new(vec![(index * power).exp2()], vec![zeros], min, max);
        for count in counts {
            index += 1.0;
            durations.bounds.push((index * power).exp2());
            durations.counts.push(count);
        }
        durations
    }

    /// Durations of which only the number is known.
    pub(super) fn counted(count: u64) -> Self {
        Self::new(Vec::new(), vec![count], None, None)
    }

    pub(super) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Adds others. If their buckets differ, only the number is known from then on.
    pub(super) fn merge(&mut self, other: &Self) {
        if self.counts.is_empty() {
            *self = other.clone();
            return;
        }
        if self.bounds != other.bounds || self.counts.len() != other.counts.len() {
            *self = Self::counted(self.count() + other.count());
            return;
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.min = self.min.zip(other.min).map(|(one, other)| one.min(other));
        self.max = self.max.zip(other.max).map(|(one, other)| one.max(other));
    }

    /// Returns the duration that this part of all is not longer than: within its bucket, evenly distributed.
    pub(super) fn quantile(&self, part: f64) -> Option<Duration> {
        let rank = part * self.count() as f64;
        let mut below = 0.0;
        for (index, count) in self.counts.iter().enumerate() {
            let count = *count as f64;
            if count > 0.0 && below + count >= rank {
                let from = index
                    .checked_sub(1)
                    .and_then(|index| self.bounds.get(index))
                    .copied();
                let to = self.bounds.get(index).copied().or(self.max)?;
                let from = from.unwrap_or(0.0).min(to);
                let within = ((rank - below) / count).clamp(0.0, 1.0);
                let estimate = from + (to - from) * within;
                let (min, max) = (self.min.unwrap_or(0.0), self.max.unwrap_or(f64::MAX));
                return Duration::try_from_secs_f64(estimate.min(max).max(min)).ok();
            }
            below += count;
        }
        None
    }
}

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
}
