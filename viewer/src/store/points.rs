//! The data points of `prompt_size`, TaskWeaver's counter of tokens. Points of other metrics are not stored:
//! the page computes its numbers from spans.

use std::collections::{HashMap, VecDeque};

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{AggregationTemporality, Metric, NumberDataPoint, metric};

use crate::{semconv, value};

/// The direction of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Direction {
    Input,
    Output,
}

/// A point of a series: a time in nanoseconds since the Unix epoch, and the tokens since the start of the
/// series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) time: u64,
    /// The tokens of the whole series, also over restarts of the counter.
    pub(crate) total: f64,
}

/// The points of a series that are stored, and since when it counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Series {
    /// In the order of time.
    pub(crate) points: VecDeque<Point>,
    /// The time at which the total was 0, in nanoseconds since the Unix epoch. 0 if it is not known, or if the
    /// first points are no longer stored.
    pub(crate) zero_at: u64,
}

impl Series {
    /// The total at a moment: that of the last point. Before the first point, the total is at most that of the
    /// first, and is taken to be that, so that an increase never counts tokens that may be older.
    pub(crate) fn total_at(&self, time: u64) -> f64 {
        let after = self.points.partition_point(|point| point.time <= time);
        match after.checked_sub(1).and_then(|last| self.points.get(last)) {
            Some(point) => point.total,
            None if time <= self.zero_at => 0.0,
            None => self.points.front().map_or(0.0, |first| first.total),
        }
    }
}

/// The state of a counter.
#[derive(Debug, Default)]
struct Counter {
    series: Series,
    /// The last value that was reported, and since when the counter counts.
    last: f64,
    counts_since: u64,
    total: f64,
}

/// The series of `prompt_size`, by process and direction.
#[derive(Debug, Default)]
pub(super) struct PromptSize {
    counters: HashMap<(String, Direction), Counter>,
    points: usize,
}

impl PromptSize {
    /// Adds the points of a metric. Returns the number of those that were dropped.
    pub(super) fn add(&mut self, metric: &Metric, process: &str) -> u64 {
        let Some(metric::Data::Sum(sum)) = &metric.data else {
            return 0;
        };
        if !semconv::PROMPT_SIZE.contains(&metric.name.as_str()) {
            return 0;
        }
        let is_delta = sum.aggregation_temporality == AggregationTemporality::Delta as i32;
        let mut dropped = 0;
        for point in &sum.data_points {
            let direction = direction(&point.attributes);
            let is_stored =
                direction.is_some_and(|direction| self.add_point(process, direction, point, is_delta));
            dropped += u64::from(!is_stored);
        }
        dropped
    }

    fn add_point(
        &mut self,
        process: &str,
        direction: Direction,
        point: &NumberDataPoint,
        is_delta: bool,
    ) -> bool {
        let number = match point.value {
            Some(Number::AsInt(number)) => number as f64,
            Some(Number::AsDouble(number)) => number,
            None => return false,
        };
        let key = (process.to_owned(), direction);
        if !number.is_finite()
            || number < 0.0
            || (self.counters.len() >= MAX_SERIES && !self.counters.contains_key(&key))
        {
            return false;
        }
        let counter = self.counters.entry(key).or_default();
        let points = &mut counter.series.points;
        if points
            .back()
            .is_some_and(|last| last.time >= point.time_unix_nano)
        {
            return false; // late, or sent twice
        }
        let is_restarted = point.start_time_unix_nano > counter.counts_since || number < counter.last;
        counter.total += if is_delta || is_restarted {
            number
        } else {
            number - counter.last
        };
        (counter.last, counter.counts_since) = (number, point.start_time_unix_nano);
        if points.is_empty() {
            counter.series.zero_at = point.start_time_unix_nano;
        }
        points.push_back(Point {
            time: point.time_unix_nano,
            total: counter.total,
        });
        self.points += 1;
        if points.len() > MAX_POINTS_PER_SERIES {
            points.pop_front();
            counter.series.zero_at = 0;
            self.points -= 1;
        }
        true
    }

    pub(super) fn points(&self) -> usize {
        self.points
    }

    pub(super) fn bytes(&self) -> usize {
        self.points * size_of::<Point>() + self.counters.len() * SERIES_BYTES
    }

    pub(super) fn series(&self, direction: Direction) -> Vec<Series> {
        let counters = self.counters.iter().filter(|((_, of), _)| *of == direction);
        counters.map(|(_, counter)| counter.series.clone()).collect()
    }
}

fn direction(attributes: &[KeyValue]) -> Option<Direction> {
    match value::text(attributes, &[semconv::DIRECTION])? {
        "input" => Some(Direction::Input),
        "output" => Some(Direction::Output),
        _ => None,
    }
}

/// The maximum number of series; a process has two.
const MAX_SERIES: usize = 256;
/// The maximum number of points of a series, the newest ones: 16 hours of one a minute, or 83 minutes of one
/// in 5 seconds.
const MAX_POINTS_PER_SERIES: usize = 1_000;
/// The memory of a series without points.
const SERIES_BYTES: usize = 256;
