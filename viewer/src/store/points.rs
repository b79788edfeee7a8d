//! The data points of `prompt_size`, TaskWeaver's counter of tokens. Points of other metrics are not stored:
//! the page computes its numbers from spans.

use std::collections::{HashMap, VecDeque};

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{AggregationTemporality, Metric, NumberDataPoint, metric};

use crate::semconv;
use crate::value;

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

#[derive(Debug, Default)]
struct Series {
    points: VecDeque<Point>,
    /// The last value that was reported, and since when the counter counts.
    last: f64,
    counts_since: u64,
    total: f64,
}

/// The series of `prompt_size`, by process and direction.
#[derive(Debug, Default)]
pub(super) struct PromptSize {
    series: HashMap<(String, Direction), Series>,
    points: usize,
}

/// What became of data points.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct PointCount {
    pub(super) stored: u64,
    pub(super) dropped: u64,
}

impl PromptSize {
    pub(super) fn add(&mut self, metric: &Metric, process: &str) -> PointCount {
        let mut count = PointCount::default();
        let Some(metric::Data::Sum(sum)) = &metric.data else {
            return count;
        };
        if !semconv::PROMPT_SIZE.contains(&metric.name.as_str()) {
            return count;
        }
        let is_delta = sum.aggregation_temporality == AggregationTemporality::Delta as i32;
        for point in &sum.data_points {
            match direction(&point.attributes) {
                Some(direction) if self.add_point(process, direction, point, is_delta) => count.stored += 1,
                _ => count.dropped += 1,
            }
        }
        count
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
            || (self.series.len() >= MAX_SERIES && !self.series.contains_key(&key))
        {
            return false;
        }
        let series = self.series.entry(key).or_default();
        if series
            .points
            .back()
            .is_some_and(|last| last.time >= point.time_unix_nano)
        {
            return false; // late, or sent twice
        }
        let is_restarted = point.start_time_unix_nano > series.counts_since || number < series.last;
        series.total += if is_delta || is_restarted {
            number
        } else {
            number - series.last
        };
        (series.last, series.counts_since) = (number, point.start_time_unix_nano);
        series.points.push_back(Point {
            time: point.time_unix_nano,
            total: series.total,
        });
        self.points += 1;
        if series.points.len() > MAX_POINTS_PER_SERIES {
            series.points.pop_front();
            self.points -= 1;
        }
        true
    }

    pub(super) fn points(&self) -> usize {
        self.points
    }

    pub(super) fn bytes(&self) -> usize {
        self.points * size_of::<Point>() + self.series.len() * SERIES_BYTES
    }

    /// The series of a direction, each in the order of time.
    pub(super) fn series(&self, direction: Direction) -> Vec<Vec<Point>> {
        let series = self.series.iter().filter(|((_, of), _)| *of == direction);
        series
            .map(|(_, series)| series.points.iter().copied().collect())
            .collect()
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
/// The maximum number of points of a series, the newest ones: more than 16 hours of one a minute.
const MAX_POINTS_PER_SERIES: usize = 1_000;
/// The memory of a series without points.
const SERIES_BYTES: usize = 256;
