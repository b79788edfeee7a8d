//! `GET /api/tokens`: tokens over time, and by model, agent and provider.

use std::collections::HashMap;

use serde::Serialize;
use throughline_trace_model::{CallTotals, SpanCall, counted_calls};

use crate::shared::Shared;
use crate::store::{Cost, Direction, Point, Series, Status, StoredSpan, TraceSnapshot, cut};

use super::query::Parameters;
use super::trace::call;

#[derive(Debug, Serialize)]
pub(crate) struct TokenReport {
    /// `metrics`, or `spans` if there are no data points of `prompt_size`.
    source: &'static str,
    times: Vec<String>,
    prompt_size: Directions,
    increase_10m: Directions,
    by_model: Vec<Group>,
    by_agent: Vec<Group>,
    by_provider: Vec<Group>,
}

#[derive(Debug, Serialize)]
struct Directions {
    input: Vec<f64>,
    output: Vec<f64>,
}

#[derive(Debug, Serialize)]
struct Group {
    /// The model, the agent or the provider.
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    calls: u64,
    errors: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<u64>,
    estimated: bool,
    unknown_calls: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<f64>,
    p50: u64,
    p95: u64,
}

pub(crate) fn tokens(shared: &Shared, parameters: &Parameters) -> Result<TokenReport, String> {
    let traces = shared.store.traces();
    let calls: Vec<Call<'_>> = traces.iter().flat_map(calls_of).collect();
    let from = parameters.number("from", u64::MAX)?;
    let to = parameters.number("to", u64::MAX)?;
    let step = parameters.number("step", u64::MAX)?;

    let metrics = [Direction::Input, Direction::Output].map(|direction| shared.store.prompt_size(direction));
    let has_metrics = metrics.iter().any(|series| !series.is_empty());
    let [input, output] = if has_metrics {
        metrics
    } else {
        [
            |call: &SpanCall<'_>| call.input,
            |call: &SpanCall<'_>| call.output,
        ]
        .map(|tokens| vec![series(&calls, tokens)])
    };
    let all = || {
        input
            .iter()
            .chain(&output)
            .flat_map(|series| &series.points)
            .map(|point| point.time)
    };
    let (first, last) = (all().min().unwrap_or(0), all().max().unwrap_or(0));
    let times = times(from.unwrap_or(first), to.unwrap_or(last), step);
    let in_range = |call: &&Call<'_>| (from.unwrap_or(0)..=to.unwrap_or(u64::MAX)).contains(&call.span.start);
    let calls: Vec<&Call<'_>> = calls.iter().filter(in_range).collect();
    let directions = |of: &dyn Fn(&[Series]) -> Vec<f64>| Directions {
        input: of(&input),
        output: of(&output),
    };
    Ok(TokenReport {
        source: if has_metrics { "metrics" } else { "spans" },
        prompt_size: directions(&|series| times.iter().map(|time| total_at(series, *time)).collect()),
        increase_10m: directions(&|series| times.iter().map(|time| increase(series, *time)).collect()),
        times: times.iter().map(u64::to_string).collect(),
        by_model: groups(&calls, |call| (call.model(), call.provider())),
        by_agent: groups(&calls, |call| (call.agent.map(str::to_owned), None)),
        by_provider: groups(&calls, |call| (call.provider(), None)),
    })
}

/// The name and the provider of a group.
type Key = (Option<String>, Option<String>);

/// A model call that counts, with the agent it belongs to.
#[derive(Debug)]
struct Call<'a> {
    span: &'a StoredSpan,
    agent: Option<&'a str>,
    facts: SpanCall<'a>,
}

impl Call<'_> {
    fn model(&self) -> Option<String> {
        self.span.call.as_ref()?.model.as_deref().map(str::to_owned)
    }

    fn provider(&self) -> Option<String> {
        self.span.call.as_ref()?.provider.as_deref().map(str::to_owned)
    }
}

fn calls_of(trace: &TraceSnapshot) -> Vec<Call<'_>> {
    if !trace.spans.iter().any(|span| span.is_model_call()) {
        return Vec::new();
    }
    let tree = trace.tree();
    let calls = counted_calls(&tree, |index| call(trace, index));
    let found = calls.iter().filter_map(|counted| {
        Some(Call {
            span: trace.spans.get(tree.nodes().get(counted.node)?.span)?,
            agent: counted.agent,
            facts: counted.call,
        })
    });
    found.collect()
}

/// Sums the tokens of calls at their ends.
fn series(calls: &[Call<'_>], tokens: impl Fn(&SpanCall<'_>) -> Option<u64>) -> Series {
    let mut points: Vec<(u64, u64)> = calls
        .iter()
        .filter_map(|call| Some((call.span.end, tokens(&call.facts)?)))
        .collect();
    points.sort_unstable();
    let mut total = 0.0;
    let sum = |(time, tokens): (u64, u64)| {
        total += tokens as f64;
        Point { time, total }
    };
    Series {
        zero_at: points.first().map_or(0, |(time, _)| *time),
        points: points.into_iter().map(sum).collect(),
    }
}

/// Returns the moments of a chart. Without a step there are about 120.
fn times(from: u64, to: u64, step: Option<u64>) -> Vec<u64> {
    if to < from || to == 0 {
        return Vec::new();
    }
    let length = to - from;
    let step = step
        .unwrap_or(length / DEFAULT_TIMES)
        .max(length / MAX_TIMES)
        .max(MIN_STEP);
    let mut times: Vec<u64> = (0..=length / step).map(|number| from + number * step).collect();
    if times.last().is_some_and(|last| *last < to) {
        times.push(to);
    }
    times
}

/// The sum of the last values at a moment.
fn total_at(series: &[Series], time: u64) -> f64 {
    series.iter().map(|series| series.total_at(time)).sum()
}

/// The tokens of the 10 minutes before a moment.
fn increase(series: &[Series], time: u64) -> f64 {
    total_at(series, time) - total_at(series, time.saturating_sub(TEN_MINUTES))
}

fn groups(calls: &[&Call<'_>], key: impl Fn(&Call<'_>) -> Key) -> Vec<Group> {
    let mut groups: HashMap<Key, Sums> = HashMap::new();
    for call in calls {
        let key = key(call);
        if groups.len() >= MAX_GROUPS && !groups.contains_key(&key) {
            continue;
        }
        let sums = groups.entry(key).or_default();
        let duration = call.span.end.saturating_sub(call.span.start);
        sums.totals.add(&call.facts, duration);
        sums.errors += u64::from(call.span.status == Status::Error);
        sums.durations.push(duration);
    }
    let mut rows: Vec<Group> = groups.into_iter().map(|(key, sums)| group(key, sums)).collect();
    rows.sort_by(|one, other| {
        let tokens = |group: &Group| group.input.unwrap_or(0).saturating_add(group.output.unwrap_or(0));
        tokens(other)
            .cmp(&tokens(one))
            .then_with(|| one.name.cmp(&other.name))
    });
    rows
}

/// The sums of the calls of a group.
#[derive(Debug, Default)]
struct Sums {
    totals: CallTotals,
    errors: u64,
    durations: Vec<u64>,
}

fn group((name, provider): Key, sums: Sums) -> Group {
    let Sums {
        totals,
        errors,
        mut durations,
    } = sums;
    durations.sort_unstable();
    Group {
        name: name
            .as_deref()
            .map_or_else(|| "(none)".to_owned(), |name| cut(name, MAX_NAME_CHARS)),
        model: name,
        provider,
        calls: totals.calls,
        errors,
        input: totals.input.total(),
        output: totals.output.total(),
        estimated: totals.input.is_inexact || totals.output.is_inexact,
        unknown_calls: totals.unknown_calls,
        cost: Cost::new(&totals).map(|cost| cost.usd),
        p50: quantile(&durations, 50),
        p95: quantile(&durations, 95),
    }
}

/// The smallest value that at least `percent` of the values do not exceed.
pub(super) fn quantile(sorted: &[u64], percent: usize) -> u64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(0)
}

const TEN_MINUTES: u64 = 600_000_000_000;
const DEFAULT_TIMES: u64 = 120;
const MAX_TIMES: u64 = 2_000;
/// The minimum time between two moments of a chart: one second.
const MIN_STEP: u64 = 1_000_000_000;
const MAX_GROUPS: usize = 1_000;
const MAX_NAME_CHARS: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn increase_counts_the_last_ten_minutes() {
        let minute = 60_000_000_000;
        let points = [(1, 10.0), (5, 30.0), (14, 100.0)];
        let points = points.map(|(time, total)| Point {
            time: time * minute,
            total,
        });
        let series = [Series {
            points: points.into(),
            zero_at: minute,
        }];
        for (time, total, expected) in [
            (0, 0.0, 0.0),
            (1, 10.0, 10.0),
            (6, 30.0, 30.0),
            (14, 100.0, 90.0),
            (24, 100.0, 0.0),
        ] {
            assert_eq!(
                total_at(&series, time * minute),
                total,
                "the total after {time} minutes"
            );
            assert_eq!(
                increase(&series, time * minute),
                expected,
                "the increase after {time} minutes"
            );
        }
    }

    #[test]
    fn increase_does_not_count_what_came_before_the_first_point() {
        let minute = 60_000_000_000;
        let points = [(100, 1_000.0), (105, 1_010.0)].map(|(time, total)| Point {
            time: time * minute,
            total,
        });
        let series = [Series {
            points: points.into(),
            zero_at: 0,
        }];
        assert_eq!(increase(&series, 100 * minute), 0.0, "the counter is older");
        assert_eq!(increase(&series, 105 * minute), 10.0, "what is known");
        assert_eq!(
            total_at(&series, 105 * minute),
            1_010.0,
            "the total is that of the counter"
        );
    }

    #[test]
    fn quantiles_are_values_that_occurred() {
        assert_eq!(quantile(&[], 50), 0, "none");
        assert_eq!(quantile(&[7], 95), 7, "one");
        let many: Vec<u64> = (1..=100).collect();
        assert_eq!((quantile(&many, 50), quantile(&many, 95)), (50, 95), "a hundred");
    }

    #[test]
    fn moments_are_bounded_in_number() {
        let second = 1_000_000_000;
        assert!(times(0, 0, None).is_empty(), "nothing");
        assert_eq!(
            times(second, 3 * second, Some(1)),
            [second, 2 * second, 3 * second],
            "at least a second apart"
        );
        assert!(
            times(0, u64::MAX, Some(1)).len() <= MAX_TIMES as usize + 3,
            "a step that is too small"
        );
    }
}
