//! `GET /api/tokens`: tokens over time, and by model, agent and provider.

use std::collections::HashMap;

use serde::Serialize;
use throughline_trace_model::SpanCall;

use crate::shared::Shared;
use crate::store::{Direction, Point, Status, StoredSpan, TraceSnapshot, cut};

use super::query::Parameters;

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
    input: u64,
    output: u64,
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
    let all = || input.iter().chain(&output).flatten().map(|point| point.time);
    let (first, last) = (all().min().unwrap_or(0), all().max().unwrap_or(0));
    let times = times(from.unwrap_or(first), to.unwrap_or(last), step);
    let in_range = |call: &&Call<'_>| (from.unwrap_or(0)..=to.unwrap_or(u64::MAX)).contains(&call.span.start);
    let calls: Vec<&Call<'_>> = calls.iter().filter(in_range).collect();
    let directions = |of: &dyn Fn(&[Vec<Point>]) -> Vec<f64>| Directions {
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

/// Returns the model calls of a trace. One inside another is the same call, observed twice.
fn calls_of(trace: &TraceSnapshot) -> Vec<Call<'_>> {
    if !trace.spans.iter().any(|span| span.is_model_call()) {
        return Vec::new();
    }
    let tree = trace.tree();
    // The agent of each node, and whether it is within a model call.
    let mut above: Vec<(Option<&str>, bool)> = Vec::with_capacity(tree.nodes().len());
    let mut calls = Vec::new();
    for node in tree.nodes() {
        let (outer, is_inner) = node
            .parent
            .and_then(|parent| above.get(parent).copied())
            .unwrap_or_default();
        let Some(span) = trace.spans.get(node.span) else {
            continue;
        };
        let facts = span.call();
        let agent = facts.agent.or(outer);
        above.push((agent, is_inner || facts.is_model_call));
        if facts.is_model_call && !is_inner {
            calls.push(Call { span, agent, facts });
        }
    }
    calls
}

/// Sums the tokens of calls at their ends.
fn series(calls: &[Call<'_>], tokens: impl Fn(&SpanCall<'_>) -> Option<u64>) -> Vec<Point> {
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
    points.into_iter().map(sum).collect()
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
fn total_at(series: &[Vec<Point>], time: u64) -> f64 {
    series.iter().map(|points| value_at(points, time)).sum()
}

/// The tokens of the 10 minutes before a moment.
fn increase(series: &[Vec<Point>], time: u64) -> f64 {
    let before = time.saturating_sub(TEN_MINUTES);
    let of_series = |points: &Vec<Point>| value_at(points, time) - value_at(points, before);
    series.iter().map(of_series).sum()
}

fn value_at(points: &[Point], time: u64) -> f64 {
    let after = points.partition_point(|point| point.time <= time);
    after
        .checked_sub(1)
        .and_then(|last| points.get(last))
        .map_or(0.0, |point| point.total)
}

fn groups(calls: &[&Call<'_>], key: impl Fn(&Call<'_>) -> Key) -> Vec<Group> {
    let mut groups: HashMap<Key, (Group, Vec<u64>)> = HashMap::new();
    for call in calls {
        let key = key(call);
        if groups.len() >= MAX_GROUPS && !groups.contains_key(&key) {
            continue;
        }
        let (group, durations) = groups.entry(key).or_insert_with_key(|(name, provider)| {
            let group = Group {
                name: name
                    .as_deref()
                    .map_or_else(|| "(none)".to_owned(), |name| cut(name, MAX_NAME_CHARS)),
                model: name.clone(),
                provider: provider.clone(),
                calls: 0,
                errors: 0,
                input: 0,
                output: 0,
                estimated: false,
                unknown_calls: 0,
                cost: None,
                p50: 0,
                p95: 0,
            };
            (group, Vec::new())
        });
        let facts = &call.facts;
        group.calls += 1;
        group.errors += u64::from(call.span.status == Status::Error);
        group.input = group.input.saturating_add(facts.input.unwrap_or(0));
        group.output = group.output.saturating_add(facts.output.unwrap_or(0));
        let is_unknown = facts.input.is_none() && facts.output.is_none();
        group.unknown_calls += u64::from(is_unknown);
        group.estimated |= !is_unknown && !facts.is_exact;
        if let Some(cost) = facts.cost {
            group.cost = Some(group.cost.unwrap_or(0.0) + cost);
        }
        durations.push(call.span.end.saturating_sub(call.span.start));
    }
    let mut rows: Vec<Group> = groups
        .into_values()
        .map(|(mut group, mut durations)| {
            durations.sort_unstable();
            group.p50 = quantile(&durations, 50);
            group.p95 = quantile(&durations, 95);
            group
        })
        .collect();
    rows.sort_by(|one, other| {
        let tokens = |group: &Group| group.input.saturating_add(group.output);
        tokens(other)
            .cmp(&tokens(one))
            .then_with(|| one.name.cmp(&other.name))
    });
    rows
}

/// The smallest value that at least `percent` of the values do not exceed.
fn quantile(sorted: &[u64], percent: usize) -> u64 {
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
        let series = vec![
            points
                .map(|(time, total)| Point {
                    time: time * minute,
                    total,
                })
                .to_vec(),
        ];
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
