//! What a person reads of the metrics: requests, errors, durations, tokens and costs, a row for each route,
//! host and model.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData, ResourceMetrics};

use super::percentiles::Durations;
use super::text::{cost, duration, plain};
use crate::semconv;

/// The table, without the head of its first column.
#[derive(Debug, Default)]
pub(super) struct Summary {
    rows: Vec<Row>,
    /// The metrics that no row shows and that are not of this family of crates.
    pub(super) others: HashSet<String>,
    /// The number of series that neither a row nor `others` shows.
    pub(super) hidden: usize,
}

/// One kind of requests or calls.
#[derive(Debug)]
struct Row {
    name: String,
    count: u64,
    errors: u64,
    durations: Durations,
    input: Option<f64>,
    output: Option<f64>,
    cost: Cost,
}

/// What calls cost.
#[derive(Debug, Default)]
struct Cost {
    /// The sum of the calls whose cost is known.
    sum: Option<f64>,
    /// Whether some of it is computed from tokens that are estimated or partial.
    is_inexact: bool,
    /// Whether the cost of some calls is unknown.
    misses_some: bool,
}

/// A data point of any type.
#[derive(Debug)]
struct Point<'a> {
    labels: Vec<&'a KeyValue>,
    sum: f64,
    durations: Durations,
}

impl Summary {
    pub(super) fn new(metrics: &ResourceMetrics) -> Self {
        let mut summary = Self::default();
        let all: Vec<&Metric> = metrics
            .scope_metrics()
            .flat_map(|scope| scope.metrics())
            .collect();
        // Of calls that are measured by two versions of the conventions, the newer one counts.
        let has = |name: &str| all.iter().any(|metric| metric.name() == name);
        let (is_newer, has_tokens) = (has(INFERENCE_DURATION), has(INPUT_TOKENS));
        // Durations make the rows, to which tokens are added.
        for metric in &all {
            summary.add_durations(metric, is_newer);
        }
        for metric in &all {
            let is_shown = summary.add_tokens(metric, has_tokens) || summary.add_costs(metric);
            if !is_shown && title(metric.name()).is_none() {
                let is_own = OWN.iter().any(|prefix| metric.name().starts_with(prefix));
                if is_own {
                    summary.hidden += points(metric).len();
                } else {
                    summary.others.insert(metric.name().to_owned());
                }
            }
        }
        summary
            .rows
            .sort_by(|one, other| (one.rank(), &one.name).cmp(&(other.rank(), &other.name)));
        summary
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the cells, with `title` in the first one.
    pub(super) fn cells(&self, title: &str) -> Vec<Vec<String>> {
        let head = [title, "count", "errors", "p50", "p95", "input", "output", "cost"];
        let head = head.map(str::to_owned);
        let mut cells: Vec<Vec<String>> = vec![head.to_vec()];
        cells.extend(self.rows.iter().map(Row::cells));
        let has_tokens = self
            .rows
            .iter()
            .any(|row| row.input.is_some() || row.output.is_some());
        let has_counts = self.rows.iter().any(|row| row.count > 0);
        let has_costs = self.rows.iter().any(|row| !row.cost.is_none());
        for row in &mut cells {
            if !has_costs {
                row.truncate(COST);
            }
            if !has_tokens {
                row.drain(TOKENS);
            }
            if !has_counts {
                row.drain(COUNTS);
            }
        }
        cells
    }

    fn add_durations(&mut self, metric: &Metric, is_newer: bool) {
        let Some(title) = title(metric.name()) else { return };
        let is_older = is_newer && metric.name() == OPERATION_DURATION;
        for point in points(metric) {
            // Embeddings are no inference, and only the older one has them.
            if is_older && point.label(semconv::OPERATION_NAME).as_deref() != Some("embeddings") {
                continue;
            }
            let name = title(&point);
            let row = match self.rows.iter_mut().position(|row| row.name == name) {
                Some(place) => self.rows.get_mut(place),
                None => {
                    self.rows.push(Row::new(name));
                    self.rows.last_mut()
                }
            };
            let Some(row) = row else { continue };
            let count = point.durations.count();
            row.count += count;
            if point.label(semconv::ERROR_TYPE).is_some() {
                row.errors += count;
            }
            row.durations.merge(&point.durations);
        }
    }

    /// Adds the tokens of models, and those of the counter of all calls. Returns whether the metric has any.
    fn add_tokens(&mut self, metric: &Metric, is_newer: bool) -> bool {
        match metric.name() {
            PROMPT_SIZE => {
                let mut all = Row::new(ALL_TOKENS.to_owned());
                for point in points(metric) {
                    let side = match point.label("direction").as_deref() {
                        Some("input") => &mut all.input,
                        _ => &mut all.output,
                    };
                    *side = Some(side.unwrap_or(0.0) + point.sum);
                }
                self.rows.push(all);
            }
            INPUT_TOKENS => self.add_side(metric, None, |row| &mut row.input),
            OUTPUT_TOKENS => self.add_side(metric, None, |row| &mut row.output),
            TOKEN_USAGE if !is_newer => {
                self.add_side(metric, Some("input"), |row| &mut row.input);
                self.add_side(metric, Some("output"), |row| &mut row.output);
            }
            _ => return false,
        }
        true
    }

    /// Adds the costs of models, and the calls whose cost is unknown. Returns whether the metric has any.
    fn add_costs(&mut self, metric: &Metric) -> bool {
        let is_known = match metric.name() {
            semconv::COST => true,
            semconv::COST_UNKNOWN => false,
            _ => return false,
        };
        for point in points(metric).iter().filter(|point| point.sum > 0.0 || is_known) {
            let name = model_call(point);
            let Some(row) = self.rows.iter_mut().find(|row| row.name == name) else {
                continue;
            };
            if is_known {
                row.cost.sum = Some(row.cost.sum.unwrap_or(0.0) + point.sum);
                let source = point.label(semconv::TOKENS_SOURCE);
                let is_inexact = |source: &str| semconv::INEXACT_SOURCES.contains(&source);
                row.cost.is_inexact |= source.as_deref().is_some_and(is_inexact);
            } else {
                row.cost.misses_some = true;
            }
        }
        true
    }

    /// Adds the tokens of a metric, or those of one `kind` in it.
    fn add_side(&mut self, metric: &Metric, kind: Option<&str>, side: fn(&mut Row) -> &mut Option<f64>) {
        for point in points(metric) {
            if kind.is_some() && point.label("gen_ai.token.type").as_deref() != kind {
                continue;
            }
            let name = model_call(&point);
            if let Some(row) = self.rows.iter_mut().find(|row| row.name == name) {
                let side = side(row);
                *side = Some(side.unwrap_or(0.0) + point.sum);
            }
        }
    }
}

impl Row {
    fn new(name: String) -> Self {
        Self {
            name,
            count: 0,
            errors: 0,
            durations: Durations::default(),
            input: None,
            output: None,
            cost: Cost::default(),
        }
    }

    /// Returns the place of the row's group: what is served, what is sent, models, and tokens.
    fn rank(&self) -> usize {
        let groups = ["server", "client", "model"];
        let group = groups.iter().position(|group| self.name.starts_with(group));
        group.unwrap_or(groups.len())
    }

    fn cells(&self) -> Vec<String> {
        let number = |number: Option<f64>| number.map_or_else(String::new, |number| format!("{number:.0}"));
        let time = |part: f64| self.durations.quantile(part).map(duration).unwrap_or_default();
        let counted = |number: u64| {
            if self.count == 0 {
                String::new()
            } else {
                number.to_string()
            }
        };
        vec![
            self.name.clone(),
            counted(self.count),
            counted(self.errors),
            time(0.5),
            time(0.95),
            number(self.input),
            number(self.output),
            self.cost.to_string(),
        ]
    }
}

impl Cost {
    fn is_none(&self) -> bool {
        self.sum.is_none() && !self.misses_some
    }
}

/// As sums of tokens are shown: `unknown`, `≥0.5` if it misses some, `~0.5` if it is inexact, or `0.5`.
impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(sum) = self.sum.map(cost) else {
            return f.write_str(if self.misses_some { "unknown" } else { "" });
        };
        match (self.misses_some, self.is_inexact) {
            (true, _) => write!(f, "≥{sum}"),
            (false, true) => write!(f, "~{sum}"),
            (false, false) => f.write_str(&sum),
        }
    }
}

impl Point<'_> {
    fn label(&self, key: &str) -> Option<String> {
        let found = self.labels.iter().find(|label| label.key.as_str() == key);
        found.map(|label| plain(&label.value.as_str()))
    }

    /// Joins the labels that are there.
    fn joined(&self, first: &str, keys: &[&str]) -> String {
        let labels = keys.iter().filter_map(|key| self.label(key));
        let words: Vec<String> = std::iter::once(first.to_owned()).chain(labels).collect();
        words.join(" ").trim_start().to_owned()
    }
}

/// Returns how the rows of a metric are named, if it has rows.
fn title(metric: &str) -> Option<fn(&Point<'_>) -> String> {
    Some(match metric {
        "http.server.request.duration" => {
            |point| point.joined("server", &["http.request.method", semconv::HTTP_ROUTE])
        }
        "http.client.request.duration" => |point| point.joined("client", &[semconv::SERVER_ADDRESS]),
        "rpc.server.call.duration" => |point| point.joined("server", &["rpc.method"]),
        "rpc.client.call.duration" => |point| point.joined("client", &["rpc.method"]),
        INFERENCE_DURATION | OPERATION_DURATION => model_call,
        _ => return None,
    })
}

fn model_call(point: &Point<'_>) -> String {
    point.joined("model", &[semconv::REQUEST_MODEL])
}

fn points(metric: &Metric) -> Vec<Point<'_>> {
    match metric.data() {
        AggregatedMetrics::F64(data) => points_of(data, |value| value),
        AggregatedMetrics::I64(data) => points_of(data, |value| value as f64),
        AggregatedMetrics::U64(data) => points_of(data, |value| value as f64),
    }
}

fn points_of<T: Copy>(data: &MetricData<T>, float: impl Fn(T) -> f64) -> Vec<Point<'_>> {
    let point = |labels, value: T| Point {
        labels,
        sum: float(value),
        durations: Durations::default(),
    };
    match data {
        MetricData::Sum(sum) => sum
            .data_points()
            .map(|it| point(it.attributes().collect(), it.value()))
            .collect(),
        MetricData::Gauge(gauge) => gauge
            .data_points()
            .map(|it| point(it.attributes().collect(), it.value()))
            .collect(),
        MetricData::Histogram(histogram) => histogram
            .data_points()
            .map(|it| Point {
                labels: it.attributes().collect(),
                sum: float(it.sum()),
                durations: Durations::new(
                    it.bounds().collect(),
                    it.bucket_counts().collect(),
                    it.min().map(&float),
                    it.max().map(&float),
                ),
            })
            .collect(),
        MetricData::ExponentialHistogram(histogram) => histogram
            .data_points()
            .map(|it| Point {
                labels: it.attributes().collect(),
                sum: float(it.sum()),
                durations: if it.negative_bucket().counts().any(|count| count > 0) {
                    Durations::counted(it.count() as u64)
                } else {
                    let buckets = it.positive_bucket();
                    let range = (it.min().map(&float), it.max().map(&float));
                    Durations::exponential(
                        (it.scale(), buckets.offset()),
                        it.zero_count(),
                        buckets.counts(),
                        range,
                    )
                },
            })
            .collect(),
    }
}

/// The columns of requests and calls.
const COUNTS: Range<usize> = 1..5;
/// The columns of tokens.
const TOKENS: Range<usize> = 5..7;
/// The column of costs.
const COST: usize = 7;
const PROMPT_SIZE: &str = "prompt_size";
/// The durations of model calls: of inference, and of every operation in version 1.41 of the conventions.
const INFERENCE_DURATION: &str = "gen_ai.client.inference.duration";
const OPERATION_DURATION: &str = "gen_ai.client.operation.duration";
/// The tokens of version 1.41.
const TOKEN_USAGE: &str = "gen_ai.client.token.usage";
/// The tokens of the calls whose provider reported them.
const INPUT_TOKENS: &str = "gen_ai.client.inference.operation.input_tokens";
const OUTPUT_TOKENS: &str = "gen_ai.client.inference.operation.output_tokens";
/// The row of the counter of all tokens, also of estimates.
const ALL_TOKENS: &str = "all (prompt_size)";
/// The beginnings of the names of this family's metrics.
const OWN: [&str; 5] = ["gen_ai.", "http.", "otel.", "rpc.", "throughline."];
