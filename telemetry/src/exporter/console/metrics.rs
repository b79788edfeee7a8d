//! Metrics as lines: `name{attribute="value"} 123`.

use std::fmt::Display;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;

use super::output::Output;
use super::page::PageStyle;
use super::summary::Summary;
use super::table::lay_out;
use super::text::{Style, plain, wrap};

/// Prints the totals since the start: at flush, at shutdown and once per minute, if they have changed.
#[derive(Debug)]
pub(super) struct MetricLines {
    output: Output,
    title: String,
    last: Mutex<String>,
}

impl MetricLines {
    /// Returns the exporter of the process, or of a service in it.
    pub(super) fn new(output: Output, service: Option<&str>) -> Self {
        Self {
            output,
            title: service.map_or_else(
                || "metrics".to_owned(),
                |name| format!("metrics of {}", plain(name)),
            ),
            last: Mutex::default(),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl PushMetricExporter for MetricLines {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let text = text(metrics, &self.title, self.output.page);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if text.is_empty() || *last == text {
            return Ok(());
        }
        let printed = self.output.print(&text);
        printed.map_err(|error| OTelSdkError::InternalFailure(format!("the console: {error}")))?;
        *last = text;
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown(&self) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}

fn text(metrics: &ResourceMetrics, title: &str, page: PageStyle) -> String {
    let summary = Summary::new(metrics);
    let has_table = !page.has_details && !summary.is_empty();
    let metrics = metrics.scope_metrics().flat_map(|scope| scope.metrics());
    let listed = metrics.filter(|metric| !has_table || summary.others.contains(metric.name()));
    let mut lines: Vec<String> = listed.flat_map(lines).collect();
    lines.sort();
    let mut text = if has_table {
        lay_out(&summary.cells(title), page)
    } else if lines.is_empty() {
        return String::new();
    } else {
        page.paint(Style::Strong, title) + "\n"
    };
    for line in lines {
        text += &line;
        text.push('\n');
    }
    if has_table && summary.hidden > 0 {
        let more = format!("{} more series with THROUGHLINE_CONSOLE=details", summary.hidden);
        for line in wrap(&more, page.width) {
            text += &page.paint(Style::Faint, &line);
            text.push('\n');
        }
    }
    text.push('\n');
    text
}

fn lines(metric: &Metric) -> Vec<String> {
    match metric.data() {
        AggregatedMetrics::F64(data) => series(metric, data, |value| value),
        AggregatedMetrics::I64(data) => series(metric, data, |value| value as f64),
        AggregatedMetrics::U64(data) => series(metric, data, |value| value as f64),
    }
}

fn series<T: Copy + Display>(metric: &Metric, data: &MetricData<T>, float: impl Fn(T) -> f64) -> Vec<String> {
    let unit = unit(metric.unit());
    let distribution = |count: u64, sum: T| {
        let mean = if count == 0 {
            0.0
        } else {
            float(sum) / count as f64
        };
        format!("count {count}, mean {}{unit}", short(mean))
    };
    let line = |labels: String, value: String| format!("{}{labels} {value}", plain(metric.name()));
    match data {
        MetricData::Sum(sum) => sum
            .data_points()
            .map(|point| line(labels(point.attributes()), point.value().to_string()))
            .collect(),
        MetricData::Gauge(gauge) => gauge
            .data_points()
            .map(|point| line(labels(point.attributes()), point.value().to_string()))
            .collect(),
        MetricData::Histogram(histogram) => histogram
            .data_points()
            .map(|point| {
                line(
                    labels(point.attributes()),
                    distribution(point.count(), point.sum()),
                )
            })
            .collect(),
        MetricData::ExponentialHistogram(histogram) => histogram
            .data_points()
            .map(|point| {
                line(
                    labels(point.attributes()),
                    distribution(point.count() as u64, point.sum()),
                )
            })
            .collect(),
    }
}

fn labels<'a>(attributes: impl Iterator<Item = &'a KeyValue>) -> String {
    let label = |attribute: &KeyValue| {
        let value = match &attribute.value {
            Value::String(text) => format!("\"{}\"", plain(text.as_str())),
            other => plain(&other.to_string()),
        };
        format!("{}={value}", plain(attribute.key.as_str()))
    };
    let mut labels: Vec<String> = attributes.map(label).collect();
    labels.sort();
    if labels.is_empty() {
        String::new()
    } else {
        format!("{{{}}}", labels.join(","))
    }
}

/// Units in braces are annotations, not units (<https://ucum.org/ucum#section-Curly-Braces>).
fn unit(unit: &str) -> String {
    if unit.is_empty() || unit.starts_with('{') || unit == "1" {
        String::new()
    } else {
        format!(" {}", plain(unit))
    }
}

/// Formats a number with at most three significant decimals.
fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "0" && value > 0.0 {
        format!("{value:.1e}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::metrics::MeterProvider;
    use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};

    use super::*;

    #[test]
    fn all_series_on_request() {
        let memory = InMemoryMetricExporter::default();
        let reader = PeriodicReader::builder(memory.clone()).build();
        let provider = SdkMeterProvider::builder().with_reader(reader).build();
        let meter = provider.meter("test");
        let prompt_size = meter.u64_counter("prompt_size").with_unit("{token}").build();
        prompt_size.add(100, &[KeyValue::new("direction", "input")]);
        prompt_size.add(23, &[KeyValue::new("direction", "input")]);
        prompt_size.add(7, &[KeyValue::new("direction", "output")]);
        meter.i64_gauge("queue").build().record(-3, &[]);
        let seconds = meter
            .f64_histogram("http.server.request.duration")
            .with_unit("s")
            .build();
        let labels = [
            KeyValue::new("route", "/a\nb"),
            KeyValue::new("http.response.status_code", 200),
        ];
        seconds.record(0.5, &labels);
        seconds.record(0.75, &labels);
        meter
            .u64_histogram("bytes")
            .with_unit("By")
            .build()
            .record(9, &[]);
        provider.force_flush().expect("collected");
        let collected = memory.get_finished_metrics().expect("metrics");
        let page = PageStyle {
            has_details: true,
            ..PageStyle::plain(100)
        };
        let text = text(&collected[0], "metrics", page);
        let expected = r#"metrics
bytes count 1, mean 9 By
http.server.request.duration{http.response.status_code=200,route="/a\nb"} count 2, mean 0.625 s
prompt_size{direction="input"} 123
prompt_size{direction="output"} 7
queue -3

"#;
        assert_eq!(text, expected, "the lines");
    }

    #[test]
    fn what_a_person_reads_is_a_table() {
        let memory = InMemoryMetricExporter::default();
        let reader = PeriodicReader::builder(memory.clone()).build();
        let provider = SdkMeterProvider::builder().with_reader(reader).build();
        let meter = provider.meter("test");
        let histogram = |name: &'static str| {
            let seconds = meter.f64_histogram(name).with_unit("s");
            seconds.with_boundaries(vec![0.1, 0.25, 0.5, 1.0]).build()
        };
        let text = |key: &'static str, value: &'static str| KeyValue::new(key, value);
        let served = histogram("http.server.request.duration");
        let route = [text("http.request.method", "POST"), text("http.route", "/chat")];
        for seconds in [0.2, 0.3, 0.4] {
            served.record(seconds, &route);
        }
        let failed = [&route[..], &[text("error.type", "500")]].concat();
        served.record(0.9, &failed);
        let sent = histogram("http.client.request.duration");
        sent.record(
            0.15,
            &[
                text("http.request.method", "POST"),
                text("server.address", "api.openai.com"),
            ],
        );
        let called = histogram("rpc.client.call.duration");
        called.record(
            0.05,
            &[
                text("rpc.method", "shop.Orders/Get"),
                text("error.type", "NOT_FOUND"),
            ],
        );
        let model = [
            text("gen_ai.operation.name", "chat"),
            text("gen_ai.request.model", "gpt-4o"),
        ];
        histogram("gen_ai.client.inference.duration").record(0.6, &model);
        for (name, tokens) in [("input", 57), ("output", 24)] {
            let name = format!("gen_ai.client.inference.operation.{name}_tokens");
            meter.u64_histogram(name).build().record(tokens, &model);
        }
        meter
            .f64_counter("throughline.cost")
            .build()
            .add(0.000_382, &model);
        histogram("gen_ai.client.inference.time_to_first_chunk").record(0.3, &model);
        let prompt_size = meter.u64_counter("prompt_size").build();
        prompt_size.add(157, &[text("direction", "input")]);
        prompt_size.add(31, &[text("direction", "output")]);
        meter
            .u64_counter("orders.placed")
            .build()
            .add(3, &[text("kind", "online")]);
        provider.force_flush().expect("collected");
        let collected = memory.get_finished_metrics().expect("metrics");
        let shown = super::text(&collected[0], "metrics", PageStyle::plain(80));

        assert_eq!(shown, include_str!("golden/metrics.txt"), "{shown}");
        for columns in [40, 60, 80] {
            let shown = super::text(&collected[0], "metrics", PageStyle::plain(columns));
            let widest = shown.lines().map(|line| line.chars().count()).max();
            assert!(
                widest <= Some(columns),
                "{widest:?} of {columns} columns:\n{shown}"
            );
        }
    }

    /// The cost stood on spans only.
    #[test]
    fn costs_are_a_column_and_say_what_they_miss() {
        let memory = InMemoryMetricExporter::default();
        let reader = PeriodicReader::builder(memory.clone()).build();
        let provider = SdkMeterProvider::builder().with_reader(reader).build();
        let meter = provider.meter("test");
        let model = |name: &'static str| KeyValue::new("gen_ai.request.model", name);
        let source = |source: &'static str| KeyValue::new("throughline.tokens.source", source);
        let duration = meter.f64_histogram("gen_ai.client.inference.duration").build();
        let cost = meter.f64_counter("throughline.cost").build();
        let unknown = meter.u64_counter("throughline.cost.unknown").build();
        for name in ["estimated", "free", "partial", "priced", "unpriced"] {
            duration.record(0.6, &[model(name)]);
        }
        cost.add(0.5, &[model("estimated"), source("estimated")]);
        cost.add(0.25, &[model("estimated"), source("reported")]);
        cost.add(0.0, &[model("free"), source("reported")]);
        cost.add(0.5, &[model("partial"), source("reported")]);
        unknown.add(1, &[model("partial"), source("unknown")]);
        cost.add(0.001, &[model("priced"), source("reported")]);
        cost.add(0.0002, &[model("priced"), source("reported")]);
        unknown.add(2, &[model("unpriced"), source("reported")]);
        provider.force_flush().expect("collected");
        let collected = memory.get_finished_metrics().expect("metrics");
        let shown = |columns| text(&collected[0], "metrics", PageStyle::plain(columns));
        let expected = "\
metrics          count  errors     p50     p95     cost
model estimated      1       0  600 ms  600 ms    ~0.75
model free           1       0  600 ms  600 ms        0
model partial        1       0  600 ms  600 ms     ≥0.5
model priced         1       0  600 ms  600 ms   0.0012
model unpriced       1       0  600 ms  600 ms  unknown

";
        assert_eq!(shown(80), expected, "80 columns");
        let narrow = shown(40);
        for line in [
            "  p95 600 ms  cost ~0.75",
            "  p95 600 ms  cost 0",
            "  p95 600 ms  cost unknown",
        ] {
            assert!(narrow.lines().any(|it| it == line), "{line}:\n{narrow}");
        }
        let widest = narrow.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(40), "{widest:?} of 40 columns:\n{narrow}");
    }

    #[test]
    fn a_call_that_two_versions_of_the_conventions_measure_counts_once() {
        let expected = "model gpt-4o           1       0  500 ms  500 ms      7";
        for versions in [&["inference", "operation"][..], &["operation"]] {
            let memory = InMemoryMetricExporter::default();
            let reader = PeriodicReader::builder(memory.clone()).build();
            let provider = SdkMeterProvider::builder().with_reader(reader).build();
            let meter = provider.meter("test");
            let labels = [
                KeyValue::new("gen_ai.operation.name", "chat"),
                KeyValue::new("gen_ai.request.model", "gpt-4o"),
            ];
            for version in versions {
                let duration = meter.f64_histogram(format!("gen_ai.client.{version}.duration"));
                duration.build().record(0.5, &labels);
            }
            let usage = meter.u64_histogram("gen_ai.client.token.usage").build();
            usage.record(
                7,
                &[&labels[..], &[KeyValue::new("gen_ai.token.type", "input")]].concat(),
            );
            meter
                .u64_counter("prompt_size")
                .build()
                .add(7, &[KeyValue::new("direction", "input")]);
            provider.force_flush().expect("collected");
            let collected = memory.get_finished_metrics().expect("metrics");
            let shown = text(&collected[0], "metrics", PageStyle::plain(80));
            assert!(
                shown.lines().any(|line| line == expected),
                "{versions:?}:\n{shown}"
            );
        }
    }

    #[test]
    fn means_are_short() {
        for (value, expected) in [
            (0.0, "0"),
            (12.0, "12"),
            (0.6254, "0.625"),
            (0.000_04, "4.0e-5"),
            (1e9, "1000000000"),
        ] {
            assert_eq!(short(value), expected, "{value}");
        }
    }
}
