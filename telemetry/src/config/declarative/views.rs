//! The views of metrics, and the limits of readers.

use opentelemetry_sdk::metrics::{Aggregation, InstrumentKind};

use super::Reader;
use super::node::Node;
use super::report::Report;
use crate::config::pattern::matches_pattern;
use crate::config::views::{CardinalityLimits, InstrumentSelector, MetricView, StreamSettings};
use crate::config::{Exporter, HistogramBuckets};
use crate::error::InitError;
use crate::signal::Signal;

impl Reader {
    pub(super) fn views(&mut self, node: &Node<'_>) -> Result<(), InitError> {
        for node in node.items(&self.report)? {
            let mut view = node.section(&self.report)?;
            let selector = view.require("selector", &self.report)?;
            let stream = view.require("stream", &self.report)?;
            view.finish(&mut self.report);
            let view = MetricView {
                selector: self.selector(&selector)?,
                stream: self.stream(&stream)?,
            };
            self.config.sdk.metric_views.views.push(view);
        }
        Ok(())
    }

    fn selector(&mut self, node: &Node<'_>) -> Result<InstrumentSelector, InitError> {
        let mut section = node.section(&self.report)?;
        let mut selector = InstrumentSelector::default();
        for (key, field) in [
            ("instrument_name", &mut selector.name),
            ("unit", &mut selector.unit),
            ("meter_name", &mut selector.meter_name),
            ("meter_version", &mut selector.meter_version),
            ("meter_schema_url", &mut selector.meter_schema_url),
        ] {
            *field = text(section.take_set(key), &self.report)?;
        }
        if let Some(kind) = section.take_set("instrument_type") {
            selector.kind = Some(kind.choice(&INSTRUMENT_KINDS, &self.report)?);
        }
        section.finish(&mut self.report);
        Ok(selector)
    }

    fn stream(&mut self, node: &Node<'_>) -> Result<StreamSettings, InitError> {
        let mut section = node.section(&self.report)?;
        let name = text(section.take_set("name"), &self.report)?;
        let description = text(section.take_set("description"), &self.report)?;
        let limit = section.take_set("aggregation_cardinality_limit");
        let cardinality_limit = limit.map(|limit| self.limit(&limit)).transpose()?;
        let aggregation = match section.take_set("aggregation") {
            Some(aggregation) => self.aggregation(&aggregation)?,
            None => None,
        };
        let attribute_keys = match section.take_set("attribute_keys") {
            Some(keys) => self.attribute_keys(&keys)?,
            None => None,
        };
        section.finish(&mut self.report);
        Ok(StreamSettings {
            name,
            description,
            aggregation,
            cardinality_limit,
            attribute_keys,
        })
    }

    fn aggregation(&mut self, node: &Node<'_>) -> Result<Option<Aggregation>, InitError> {
        let (kind, settings) = node.component(&self.report)?;
        let mut section = settings.section(&self.report)?;
        let aggregation = match kind {
            "default" => None,
            "drop" => Some(Aggregation::Drop),
            "sum" => Some(Aggregation::Sum),
            "last_value" => Some(Aggregation::LastValue),
            "explicit_bucket_histogram" => {
                let boundaries = section.take_set("boundaries");
                let boundaries = boundaries.map(|node| self.boundaries(&node)).transpose()?;
                Some(Aggregation::ExplicitBucketHistogram {
                    boundaries: boundaries.unwrap_or_else(|| DEFAULT_BOUNDARIES.to_vec()),
                    record_min_max: flag(section.take_set("record_min_max"), &self.report)?,
                })
            }
            "base2_exponential_bucket_histogram" => {
                let scale = section.take_set("max_scale");
                let size = section.take_set("max_size");
                let aggregation = Aggregation::Base2ExponentialHistogram {
                    max_scale: scale.map_or(Ok(20), |scale| self.scale(&scale))?,
                    max_size: size.map_or(Ok(160), |size| self.bucket_count(&size))?,
                    record_min_max: flag(section.take_set("record_min_max"), &self.report)?,
                };
                let is_scraped = |((signal, exporter), _): &((Signal, Exporter), String)| {
                    (*signal, *exporter) == (Signal::Metrics, Exporter::Prometheus)
                };
                if self.exporters.iter().any(is_scraped) {
                    let reason = "the Prometheus exporter has no exponential histograms";
                    node.ignore(&mut self.report, reason, "the default aggregation");
                    None
                } else {
                    Some(aggregation)
                }
            }
            _ => return Err(node.refused(&self.report, AGGREGATIONS)),
        };
        section.finish(&mut self.report);
        Ok(aggregation)
    }

    fn boundaries(&self, node: &Node<'_>) -> Result<Vec<f64>, InitError> {
        let items = node.items(&self.report)?;
        let finite = f64::MIN..=f64::MAX;
        let boundaries = items.iter().map(|item| item.number(finite.clone(), &self.report));
        let boundaries: Vec<f64> = boundaries.collect::<Result<_, _>>()?;
        if !boundaries.is_sorted_by(|one, other| one < other) {
            return Err(node.refused(
                &self.report,
                "numbers of which each is greater than the one before",
            ));
        }
        Ok(boundaries)
    }

    fn scale(&self, node: &Node<'_>) -> Result<i8, InitError> {
        let scale = node.value.as_i64().filter(|scale| (-10..=20).contains(scale));
        let scale = scale.and_then(|scale| i8::try_from(scale).ok());
        scale.ok_or_else(|| node.refused(&self.report, "a whole number from -10 to 20"))
    }

    fn bucket_count(&self, node: &Node<'_>) -> Result<u32, InitError> {
        let count = node.integer(2..=MAX_BUCKETS, &self.report)?;
        u32::try_from(count).map_err(|_| node.refused(&self.report, MAX_BUCKETS))
    }

    /// Returns the attributes that are kept. The SDK has a list of names, so what depends on other names is not
    /// supported.
    fn attribute_keys(&mut self, node: &Node<'_>) -> Result<Option<Vec<String>>, InitError> {
        let mut section = node.section(&self.report)?;
        let mut patterns = |key| {
            let list: Option<Node<'_>> = section.take_set(key);
            list.map(|list| list.strings(&self.report)).transpose()
        };
        let (included, excluded) = (patterns("included")?, patterns("excluded")?.unwrap_or_default());
        section.finish(&mut self.report);
        let is_pattern = |key: &String| key.contains(['*', '?']);
        match included {
            Some(mut included) if !included.iter().any(is_pattern) => {
                included.retain(|key| !excluded.iter().any(|pattern| matches_pattern(pattern, key)));
                Ok(Some(included))
            }
            None if excluded.is_empty() => Ok(None),
            Some(included) if excluded.is_empty() && included.iter().any(|key| key == "*") => Ok(None),
            _ => {
                let reason = "the SDK supports only names in `included`, and `excluded` beside them";
                node.ignore(&mut self.report, reason, "all attributes");
                Ok(None)
            }
        }
    }

    /// Reads the limits of a reader. The SDK has none for a reader, so those of all readers must agree.
    pub(super) fn cardinality_limits(&mut self, node: Option<&Node<'_>>) -> Result<(), InitError> {
        let Some(node) = node else { return Ok(()) };
        let mut section = node.section(&self.report)?;
        let mut limits = CardinalityLimits::default();
        if let Some(limit) = section.take_set("default") {
            limits.default = Some(self.limit(&limit)?);
        }
        for (name, kind) in INSTRUMENT_KINDS {
            if let Some(limit) = section.take_set(name) {
                limits.kinds.push((kind, self.limit(&limit)?));
            }
        }
        section.finish(&mut self.report);
        let earlier = self.limits_path.get_or_insert_with(|| node.path.clone());
        if *earlier != node.path && self.config.sdk.metric_views.limits != limits {
            let accepted = format!("those of {earlier}: all readers have the same limits");
            return Err(node.refused(&self.report, accepted));
        }
        self.config.sdk.metric_views.limits = limits;
        Ok(())
    }

    fn limit(&self, node: &Node<'_>) -> Result<usize, InitError> {
        let limit = node.integer(1..=MAX_SERIES, &self.report)?;
        usize::try_from(limit).map_err(|_| node.refused(&self.report, MAX_SERIES))
    }

    /// Decides about the buckets of histograms, which the SDK cannot do for each reader.
    pub(super) fn default_histograms(&mut self) {
        let readers = self.exporters.iter();
        let readers = readers
            .filter(|((signal, _), _)| *signal == Signal::Metrics)
            .count();
        if self.exponential.len() == readers {
            if readers > 0 {
                self.config.sdk.metric_views.histogram_buckets = HistogramBuckets::Exponential;
            }
            return;
        }
        for (path, value) in &self.exponential {
            let reason = "all readers have the same aggregation, and another one has explicit buckets";
            self.report
                .ignore(path, value, reason, "explicit_bucket_histogram");
        }
    }
}

fn text(node: Option<Node<'_>>, report: &Report) -> Result<Option<String>, InitError> {
    node.map(|node| node.text(report).map(str::to_owned)).transpose()
}

/// A flag that is set by default.
fn flag(node: Option<Node<'_>>, report: &Report) -> Result<bool, InitError> {
    node.map_or(Ok(true), |node| node.boolean(report))
}

const INSTRUMENT_KINDS: [(&str, InstrumentKind); 7] = [
    ("counter", InstrumentKind::Counter),
    ("gauge", InstrumentKind::Gauge),
    ("histogram", InstrumentKind::Histogram),
    ("observable_counter", InstrumentKind::ObservableCounter),
    ("observable_gauge", InstrumentKind::ObservableGauge),
    (
        "observable_up_down_counter",
        InstrumentKind::ObservableUpDownCounter,
    ),
    ("up_down_counter", InstrumentKind::UpDownCounter),
];

const AGGREGATIONS: &str = r#""default", "drop", "explicit_bucket_histogram", "base2_exponential_bucket_histogram", "last_value" or "sum""#;

const DEFAULT_BOUNDARIES: [f64; 15] = [
    0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 7500.0, 10000.0,
];

/// The largest limit: the SDK allocates room for as many series of an instrument at once.
const MAX_SERIES: u64 = 1_000_000;
const MAX_BUCKETS: u64 = 10_000;
