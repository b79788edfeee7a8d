//! Metrics of telemetry itself (`otel.sdk.*`,
//! <https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/>), from the counts that a diagnosis shows.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Meter, MeterProvider as _};
use opentelemetry_sdk::metrics::SdkMeterProvider;

use crate::config::{Exporter, Protocol, TelemetryConfig};
use crate::destination::Destination;
use crate::health::{DeliveryCounts, Health};
use crate::semconv;
use crate::signal::{PerSignal, Signal};

/// Registers the metrics of all exporters. They are read when metrics are collected.
pub(crate) fn register(
    provider: &SdkMeterProvider,
    config: &TelemetryConfig,
    healths: &PerSignal<Vec<Arc<Health>>>,
) {
    let meter = provider.meter(env!("CARGO_PKG_NAME"));
    for (signal, names) in [
        (Signal::Traces, semconv::SPAN_METRICS),
        (Signal::Logs, semconv::LOG_METRICS),
    ] {
        let components = components(signal, healths);
        if components.is_empty() {
            continue;
        }
        let capacity = config.batches(signal).max_queue_size;
        observe_sizes(&meter, &names, &components, capacity);
        observe_totals(
            &meter,
            names.processed,
            names.unit,
            &components,
            |component, counts| {
                let handled = counts.delivered + counts.lost + counts.rejected + counts.too_large;
                let dropped = counts.dropped + counts.dropped_for_bytes;
                vec![
                    (handled, component.processor.clone()),
                    (dropped, with_error(&component.processor, semconv::QUEUE_FULL)),
                ]
            },
        );
        observe_totals(&meter, names.exported, names.unit, &components, exported);
    }
    let components = components(Signal::Metrics, healths);
    if !components.is_empty() {
        let names = semconv::DATA_POINTS_EXPORTED;
        observe_totals(&meter, names, semconv::DATA_POINT_UNIT, &components, exported);
    }
}

/// A number of items, and its attributes.
type Total = (u64, Vec<KeyValue>);

/// An exporter and its processor.
#[derive(Debug, Clone)]
struct Component {
    health: Arc<Health>,
    processor: Vec<KeyValue>,
    exporter: Vec<KeyValue>,
}

fn components(signal: Signal, healths: &PerSignal<Vec<Arc<Health>>>) -> Vec<Component> {
    let component = |(index, health): (usize, &Arc<Health>)| {
        // Prometheus reads metrics by itself, so nothing is exported.
        if health.exporter() == Exporter::Prometheus {
            return None;
        }
        let item = match signal {
            Signal::Traces => "span",
            Signal::Logs => "log",
            Signal::Metrics => "metric",
        };
        Some(Component {
            health: Arc::clone(health),
            processor: match health.is_batched() {
                true => identity(&format!("batching_{item}_processor"), index),
                false => identity("throughline_console_processor", index),
            },
            exporter: identity(&format!("{}_{item}_exporter", transport(health)), index),
        })
    };
    let healths = healths.get(signal).iter().enumerate();
    healths.filter_map(component).collect()
}

/// The start of the type of an exporter. The conventions name those of OTLP.
fn transport(health: &Health) -> &'static str {
    match (health.exporter(), health.destination()) {
        (_, Destination::Otlp(target)) => match target.protocol {
            Protocol::Grpc => "otlp_grpc",
            Protocol::HttpProtobuf => "otlp_http",
            Protocol::HttpJson => "otlp_http_json",
        },
        (Exporter::File, _) => "throughline_file",
        (Exporter::Viewer, _) => "throughline_viewer",
        _ => "throughline_console",
    }
}

fn identity(kind: &str, index: usize) -> Vec<KeyValue> {
    vec![
        KeyValue::new(semconv::COMPONENT_TYPE, kind.to_owned()),
        KeyValue::new(semconv::COMPONENT_NAME, format!("{kind}/{index}")),
    ]
}

fn with_error(attributes: &[KeyValue], error: &'static str) -> Vec<KeyValue> {
    let error = KeyValue::new(semconv::ERROR_TYPE, error);
    attributes.iter().cloned().chain([error]).collect()
}

fn exported(component: &Component, counts: DeliveryCounts) -> Vec<Total> {
    let (delivered, lost) = match component.health.data_points() {
        Some(points) => points,
        None => (counts.delivered, counts.lost),
    };
    let rejected = counts.rejected + counts.too_large;
    vec![
        (delivered, component.exporter.clone()),
        (lost, with_error(&component.exporter, semconv::OTHER)),
        (rejected, with_error(&component.exporter, semconv::REJECTED)),
    ]
}

fn observe_sizes(meter: &Meter, names: &semconv::SelfMetrics, components: &[Component], capacity: usize) {
    let whole = |size: usize| i64::try_from(size).unwrap_or(i64::MAX);
    let observed = components.to_vec();
    let _ = meter
        .i64_observable_up_down_counter(names.queue_size)
        .with_unit(names.unit)
        .with_callback(move |observer| {
            for component in &observed {
                let queued = component.health.counts().queued;
                observer.observe(whole(queued), &component.processor);
            }
        })
        .build();
    let observed = components.to_vec();
    let _ = meter
        .i64_observable_up_down_counter(names.queue_capacity)
        .with_unit(names.unit)
        .with_callback(move |observer| {
            for component in observed.iter().filter(|it| it.health.is_batched()) {
                observer.observe(whole(capacity), &component.processor);
            }
        })
        .build();
}

/// Observes totals that are not 0.
fn observe_totals(
    meter: &Meter,
    name: &'static str,
    unit: &'static str,
    components: &[Component],
    totals: fn(&Component, DeliveryCounts) -> Vec<Total>,
) {
    let components = components.to_vec();
    let _ = meter
        .u64_observable_counter(name)
        .with_unit(unit)
        .with_callback(move |observer| {
            for component in &components {
                for (total, attributes) in totals(component, component.health.counts()) {
                    if total > 0 {
                        observer.observe(total, &attributes);
                    }
                }
            }
        })
        .build();
}
