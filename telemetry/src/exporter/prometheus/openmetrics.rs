//! Encodes a page in OpenMetrics' text format (<https://prometheus.io/docs/specs/om/open_metrics_spec/>), for
//! which the `prometheus` crate has no encoder.
//!
//! It differs from the Prometheus text format in these points: the name of a counter's family lacks the
//! `_total` of its samples; a unit has its own line and is the last part of a family's name; `target_info` is
//! a metric of type `info`; quotes are also escaped in help texts; bucket bounds are always floats (`1.0`);
//! the page has an end marker.

use std::collections::HashSet;
use std::fmt::{Display, Write};

use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};

/// Encodes families of counters, gauges and histograms. opentelemetry-prometheus creates no other types.
pub(super) fn encode(families: &[MetricFamily]) -> String {
    let names: HashSet<&str> = families.iter().map(MetricFamily::name).collect();
    let mut page = String::new();
    for family in families {
        let (name, kind) = name_and_type(family, &names);
        let header = [
            ("TYPE", kind),
            ("UNIT", unit(name, kind)),
            ("HELP", family.help()),
        ];
        for (what, text) in header {
            if !text.is_empty() {
                let _ = writeln!(page, "# {what} {name} {}", Escaped(text));
            }
        }
        for metric in family.get_metric() {
            samples(&mut page, family, metric);
        }
    }
    page.push_str("# EOF\n");
    page
}

/// Returns the name and the type of a family. A counter whose name would collide with another family has type
/// `unknown`.
fn name_and_type<'a>(family: &'a MetricFamily, names: &HashSet<&str>) -> (&'a str, &'static str) {
    let name = family.name();
    match family.get_field_type() {
        MetricType::COUNTER => match name.strip_suffix("_total") {
            Some(base) if !names.contains(base) => (base, "counter"),
            _ => (name, "unknown"),
        },
        MetricType::GAUGE if name == "target_info" => ("target", "info"),
        MetricType::GAUGE => (name, "gauge"),
        MetricType::HISTOGRAM => (name, "histogram"),
        MetricType::SUMMARY => (name, "summary"),
        MetricType::UNTYPED => (name, "unknown"),
    }
}

/// Returns the unit that opentelemetry-prometheus appended to a name.
fn unit<'a>(name: &'a str, kind: &str) -> &'a str {
    let last = name.rsplit_once('_').map_or("", |(_, last)| last);
    if kind != "info" && UNITS.contains(&last) {
        last
    } else {
        ""
    }
}

fn samples(page: &mut String, family: &MetricFamily, metric: &Metric) {
    let name = family.name();
    let labels = metric.get_label();
    match family.get_field_type() {
        MetricType::COUNTER => sample(
            page,
            name,
            "",
            labels,
            None,
            Float(metric.get_counter().get_value()),
        ),
        MetricType::GAUGE => sample(
            page,
            name,
            "",
            labels,
            None,
            Float(metric.get_gauge().get_value()),
        ),
        MetricType::HISTOGRAM => {
            let histogram = metric.get_histogram();
            let count = histogram.get_sample_count();
            let buckets = histogram.get_bucket().iter();
            let buckets = buckets.map(|bucket| (bucket.upper_bound(), bucket.cumulative_count()));
            let finite: Vec<(f64, u64)> = buckets.filter(|(bound, _)| bound.is_finite()).collect();
            for (bound, count) in finite.iter().copied().chain([(f64::INFINITY, count)]) {
                sample(page, name, "_bucket", labels, Some(bound), count);
            }
            sample(page, name, "_count", labels, None, count);
            // A sum that can decrease is not a counter.
            if finite.iter().all(|(bound, _)| *bound >= 0.0) {
                sample(
                    page,
                    name,
                    "_sum",
                    labels,
                    None,
                    Float(histogram.get_sample_sum()),
                );
            }
        }
        MetricType::SUMMARY | MetricType::UNTYPED => {}
    }
}

fn sample(
    page: &mut String,
    name: &str,
    suffix: &str,
    labels: &[LabelPair],
    bound: Option<f64>,
    value: impl Display,
) {
    let _ = write!(page, "{name}{suffix}");
    let mut separator = '{';
    for label in labels {
        let _ = write!(page, "{separator}{}=\"{}\"", label.name(), Escaped(label.value()));
        separator = ',';
    }
    if let Some(bound) = bound {
        let _ = write!(page, "{separator}le=\"{}\"", Float(bound));
        separator = ',';
    }
    if separator == ',' {
        page.push('}');
    }
    let _ = writeln!(page, " {value}");
}

/// A number in the format of Go's `%g`, with `.0` if it would look like an integer. The specification
/// requires this for bucket bounds, because they are compared as text.
struct Float(f64);

impl Display for Float {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let number = self.0;
        if number.is_nan() {
            return f.write_str("NaN");
        }
        if number.is_infinite() {
            return f.write_str(if number > 0.0 { "+Inf" } else { "-Inf" });
        }
        let scientific = format!("{number:e}");
        let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        if (-4..6).contains(&exponent) {
            // The debug format has the `.0`, and no exponent in this range.
            return write!(f, "{}", Plain(number));
        }
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(f, "{digits}e{sign}{:02}", exponent.unsigned_abs())
    }
}

/// A number without an exponent and with a decimal point.
struct Plain(f64);

impl Display for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        if self.0.fract() == 0.0 {
            f.write_str(".0")
        } else {
            Ok(())
        }
    }
}

/// A text with escaped backslashes, quotes and newlines.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for part in self.0.split_inclusive(['\\', '"', '\n']) {
            let text = part.strip_suffix(['\\', '"', '\n']).unwrap_or(part);
            f.write_str(text)?;
            match part.get(text.len()..) {
                Some("\n") => f.write_str("\\n")?,
                Some("\"") => f.write_str("\\\"")?,
                Some("\\") => f.write_str("\\\\")?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// The unit names of opentelemetry-prometheus.
const UNITS: [&str; 26] = [
    "days",
    "hours",
    "minutes",
    "seconds",
    "milliseconds",
    "microseconds",
    "nanoseconds",
    "bytes",
    "kibibytes",
    "mebibytes",
    "gibibytes",
    "tibibytes",
    "kilobytes",
    "megabytes",
    "gigabytes",
    "terabytes",
    "meters",
    "volts",
    "amperes",
    "joules",
    "watts",
    "grams",
    "celsius",
    "hertz",
    "ratio",
    "percent",
];
