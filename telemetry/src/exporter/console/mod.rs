//! Telemetry for people: one tree a trace, one line a metric.

mod critical;
mod exporter;
#[cfg(test)]
mod fixture;
mod metrics;
mod open;
mod output;
mod processor;
mod roles;
mod row;
mod text;
mod trace;
mod tree;

use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::trace::TracerProviderBuilder;

use crate::config::ConsoleWriter;
use crate::health::Watch;

use self::metrics::LineExporter;
use self::output::Output;
use self::processor::ConsoleProcessor;

pub(crate) fn traces(
    builder: TracerProviderBuilder,
    writer: Option<ConsoleWriter>,
    watch: &Watch,
) -> TracerProviderBuilder {
    watch.process(builder, ConsoleProcessor::new(Output::new(writer), watch))
}

pub(crate) fn metrics(
    builder: MeterProviderBuilder,
    writer: Option<ConsoleWriter>,
    watch: &Watch,
) -> MeterProviderBuilder {
    builder.with_periodic_exporter(watch.over(LineExporter::new(Output::new(writer))))
}
