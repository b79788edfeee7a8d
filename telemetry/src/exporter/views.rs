//! Gives the configured views to the SDK.

use std::sync::Arc;

use opentelemetry::Key;
use opentelemetry_sdk::metrics::{Aggregation, Instrument, InstrumentKind, MeterProviderBuilder, Stream};

use crate::config::{HistogramBuckets, InstrumentSelector, MetricViews, StreamSettings, matches_pattern};

/// Adds the views to a provider. The SDK makes a stream of an instrument for each view that returns one.
pub(super) fn add(builder: MeterProviderBuilder, views: &MetricViews) -> MeterProviderBuilder {
    let mut builder = builder.with_view(without_self_diagnostics);
    if *views == MetricViews::default() {
        return builder;
    }
    let views = Arc::new(views.clone());
    for index in 0..views.views.len() {
        let views = Arc::clone(&views);
        builder = builder.with_view(move |instrument: &Instrument| {
            let view = views.views.get(index)?;
            selects(&view.selector, instrument)
                .then(|| stream(&view.stream, &views, instrument))
                .flatten()
        });
    }
    // Readers of the SDK have no settings of their own, so an instrument without a view gets them from one.
    builder.with_view(move |instrument: &Instrument| {
        let is_selected = views.views.iter().any(|view| selects(&view.selector, instrument));
        if is_selected || is_self_diagnostic(instrument) {
            return None;
        }
        stream(&StreamSettings::default(), &views, instrument)
    })
}

fn selects(selector: &InstrumentSelector, instrument: &Instrument) -> bool {
    let InstrumentSelector {
        name,
        kind,
        unit,
        meter_name,
        meter_version,
        meter_schema_url,
    } = selector;
    let scope = instrument.scope();
    let is = |wanted: &Option<String>, value: Option<&str>| wanted.is_none() || wanted.as_deref() == value;
    let is_named = |pattern: &String| matches_pattern(pattern, instrument.name());
    !is_self_diagnostic(instrument)
        && name.as_ref().is_none_or(is_named)
        && kind.is_none_or(|kind| kind == instrument.kind())
        && is(unit, Some(instrument.unit()))
        && is(meter_name, Some(scope.name()))
        && is(meter_version, scope.version())
        && is(meter_schema_url, scope.schema_url())
}

/// The configuration accepts only what the SDK does, so that a stream can be built.
fn stream(settings: &StreamSettings, views: &MetricViews, instrument: &Instrument) -> Option<Stream> {
    let StreamSettings {
        name,
        description,
        aggregation,
        cardinality_limit,
        attribute_keys,
    } = settings.clone();
    let mut stream = Stream::builder();
    if let Some(name) = name {
        stream = stream.with_name(name);
    }
    if let Some(description) = description {
        stream = stream.with_description(description);
    }
    let is_exponential = views.histogram_buckets == HistogramBuckets::Exponential
        && instrument.kind() == InstrumentKind::Histogram;
    let aggregation = aggregation.or_else(|| is_exponential.then_some(MetricViews::EXPONENTIAL));
    if let Some(aggregation) = aggregation {
        stream = stream.with_aggregation(aggregation);
    }
    let limit = cardinality_limit.or_else(|| views.limits.limit_of(instrument.kind()));
    if let Some(limit) = limit {
        stream = stream.with_cardinality_limit(limit);
    }
    if let Some(keys) = attribute_keys {
        stream = stream.with_allowed_attribute_keys(keys.into_iter().map(Key::from));
    }
    stream.build().ok()
}

/// Drops the SDK's metrics of itself, which come with its bound instruments.
///
/// Each span and log processor that is created after the global meter provider exports zeros from its start.
/// What is delivered and what is lost is known to [`health`](crate::health).
fn without_self_diagnostics(instrument: &Instrument) -> Option<Stream> {
    if !is_self_diagnostic(instrument) {
        return None;
    }
    Stream::builder().with_aggregation(Aggregation::Drop).build().ok()
}

fn is_self_diagnostic(instrument: &Instrument) -> bool {
    instrument.scope().name() == "otel.sdk"
}

#[cfg(test)]
#[cfg(feature = "yaml")]
mod tests {
    use opentelemetry::metrics::{Meter, MeterProvider};
    use opentelemetry::{InstrumentationScope, KeyValue};
    use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData, ResourceMetrics};
    use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};

    use super::*;
    use crate::config::TelemetryConfig;

    const READERS: &str = "  readers: [periodic: {exporter: {console: }}]\n";

    /// Returns what is exported with the views of a file, as `name: description, shape of its points`, sorted.
    fn exported(provider: &str, record: impl Fn(&Meter)) -> Vec<String> {
        let text = format!("file_format: '1.1'\nmeter_provider:\n{provider}");
        let config = TelemetryConfig::from_declarative_str(&text).expect("accepted");
        assert_eq!(
            config.ignored_variables().len(),
            0,
            "{:?}",
            config.ignored_variables()
        );
        let memory = InMemoryMetricExporter::default();
        let reader = PeriodicReader::builder(memory.clone()).build();
        let builder = add(SdkMeterProvider::builder(), &config.sdk.metric_views);
        let provider = builder.with_reader(reader).build();
        let scope = InstrumentationScope::builder("shop").with_version("1.2").build();
        record(&provider.meter_with_scope(scope));
        // What the SDK records about itself stays out.
        let own = provider.meter("otel.sdk");
        own.u64_counter("otel.sdk.span.started").build().add(1, &[]);
        provider.force_flush().expect("collected");
        let collected = memory.get_finished_metrics().expect("metrics");
        let metrics = collected.iter().flat_map(ResourceMetrics::scope_metrics);
        let mut lines: Vec<String> = metrics.flat_map(|scope| scope.metrics()).map(line).collect();
        lines.sort();
        lines
    }

    fn line(metric: &Metric) -> String {
        let shape = match metric.data() {
            AggregatedMetrics::F64(data) => shape(data),
            AggregatedMetrics::U64(data) => shape(data),
            AggregatedMetrics::I64(data) => shape(data),
        };
        format!("{}: {}, {shape}", metric.name(), metric.description())
    }

    fn shape<T: Copy + std::fmt::Display>(data: &MetricData<T>) -> String {
        let labels = |attributes: Vec<&KeyValue>| {
            let mut labels: Vec<String> = attributes
                .iter()
                .map(|it| format!("{}={}", it.key, it.value))
                .collect();
            labels.sort();
            labels.join(",")
        };
        let mut points: Vec<String> = match data {
            MetricData::Sum(sum) => sum
                .data_points()
                .map(|point| {
                    format!(
                        "sum {{{}}} {}",
                        labels(point.attributes().collect()),
                        point.value()
                    )
                })
                .collect(),
            MetricData::Gauge(_) => vec!["gauge".to_owned()],
            MetricData::Histogram(histogram) => histogram
                .data_points()
                .map(|point| {
                    let bounds: Vec<f64> = point.bounds().collect();
                    format!("buckets {bounds:?} min {}", point.min().is_some())
                })
                .collect(),
            MetricData::ExponentialHistogram(histogram) => histogram
                .data_points()
                .map(|point| format!("exponential, scale {}, count {}", point.scale(), point.count()))
                .collect(),
        };
        points.sort();
        points.join(" | ")
    }

    #[test]
    fn a_view_changes_what_it_selects() {
        let record = |meter: &Meter| {
            let orders = meter
                .u64_counter("orders.placed")
                .with_description("Orders.")
                .build();
            orders.add(1, &[KeyValue::new("kind", "web"), KeyValue::new("user", "a")]);
            orders.add(2, &[KeyValue::new("kind", "web"), KeyValue::new("user", "b")]);
            let seconds = meter.f64_histogram("order.duration").with_unit("s");
            seconds.with_boundaries(vec![0.5]).build().record(0.7, &[]);
        };
        let with = |views: &str| exported(&format!("{READERS}{views}"), record);
        let expected = [
            "order.duration: , buckets [0.5] min true",
            "orders.placed: Orders., sum {kind=web,user=a} 1 | sum {kind=web,user=b} 2",
        ];
        assert_eq!(with(""), expected, "without views");
        let cases = [
            (
                "{selector: {instrument_name: orders.*}, stream: {name: sold, description: Sold., attribute_keys: {included: [kind]}}}",
                [
                    "order.duration: , buckets [0.5] min true",
                    "sold: Sold., sum {kind=web} 3",
                ],
            ),
            (
                "{selector: {instrument_type: histogram, unit: s}, stream: {aggregation: {explicit_bucket_histogram: {boundaries: [1, 2.5], record_min_max: false}}}}",
                ["order.duration: , buckets [1.0, 2.5] min false", expected[1]],
            ),
            (
                "{selector: {meter_name: shop, meter_version: '1.2', instrument_type: histogram}, stream: {aggregation: {base2_exponential_bucket_histogram: {max_scale: 3}}}}",
                ["order.duration: , exponential, scale 3, count 1", expected[1]],
            ),
            (
                "{selector: {meter_version: '1.3'}, stream: {aggregation: {drop: }}}",
                expected,
            ),
            (
                "{selector: {unit: ms}, stream: {aggregation: {drop: }}}",
                expected,
            ),
            (
                "{selector: {meter_schema_url: 'https://a.example'}, stream: {aggregation: {drop: }}}",
                expected,
            ),
            (
                "{selector: {instrument_type: counter}, stream: {aggregation: {default: }, attribute_keys: {included: [kind, user], excluded: [us*]}}}",
                [expected[0], "orders.placed: Orders., sum {kind=web} 3"],
            ),
            (
                "{selector: {instrument_name: orders.placed}, stream: {aggregation: {sum: }, aggregation_cardinality_limit: 1}}",
                [
                    expected[0],
                    "orders.placed: Orders., sum {kind=web,user=a} 1 | sum {otel.metric.overflow=true} 2",
                ],
            ),
        ];
        for (view, expected) in cases {
            assert_eq!(with(&format!("  views: [{view}]")), expected, "{view}");
        }
        let dropped = with("  views: [{selector: {instrument_name: '*'}, stream: {aggregation: {drop: }}}]");
        assert_eq!(dropped, [""; 0], "everything is dropped");
        let twice = "  views:\n    - {selector: {instrument_name: order.duration}, stream: {name: a}}\n    - {selector: {instrument_name: order.*}, stream: {name: b}}";
        let expected = [
            "a: , buckets [0.5] min true",
            "b: , buckets [0.5] min true",
            expected[1],
        ];
        assert_eq!(with(twice), expected, "a stream for each view");
    }

    #[test]
    fn settings_of_readers_apply_to_every_instrument() {
        let record = |meter: &Meter| {
            for name in ["a", "b"] {
                let counter = meter.u64_counter(name).build();
                counter.add(1, &[KeyValue::new("user", "a")]);
                counter.add(2, &[KeyValue::new("user", "b")]);
                meter
                    .i64_up_down_counter(format!("{name}.now"))
                    .build()
                    .add(1, &[]);
            }
            meter
                .f64_histogram("c")
                .with_boundaries(vec![0.5])
                .build()
                .record(0.7, &[]);
        };
        let provider = "
  readers:
    - periodic:
        exporter: {console: {default_histogram_aggregation: base2_exponential_bucket_histogram}}
        cardinality_limits: {default: 5, counter: 1}
  views: [{selector: {instrument_name: b}, stream: {name: d}}]";
        let expected = [
            "a.now: , sum {} 1",
            "a: , sum {otel.metric.overflow=true} 2 | sum {user=a} 1",
            "b.now: , sum {} 1",
            "c: , exponential, scale 20, count 1",
            "d: , sum {otel.metric.overflow=true} 2 | sum {user=a} 1",
        ];
        assert_eq!(exported(provider, record), expected, "all instruments");
    }
}
