//! Telemetry for people: one tree a trace, one line a metric or a log record.

mod bars;
mod critical;
mod exporter;
#[cfg(test)]
mod fixture;
mod logs;
mod metrics;
mod open;
mod output;
mod processor;
mod roles;
mod row;
mod text;
mod trace;
mod tree;

use std::sync::Arc;

use opentelemetry_sdk::logs::LoggerProviderBuilder;
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::trace::TracerProviderBuilder;

use crate::config::ConsoleWriter;
use crate::health::Watch;

use self::exporter::Traces;
use self::logs::LogLines;
use self::metrics::LineExporter;
use self::output::Output;
use self::processor::ConsoleProcessor;

/// Where the services of a process print their traces, each span in the tree of its trace.
#[derive(Debug)]
pub(crate) struct Console(Arc<Traces>);

impl Console {
    pub(crate) fn new(writer: Option<ConsoleWriter>) -> Self {
        Self(Arc::new(Traces::new(Output::new(writer))))
    }

    pub(crate) fn traces(&self, builder: TracerProviderBuilder, watch: &Watch) -> TracerProviderBuilder {
        watch.process(builder, ConsoleProcessor::new(&self.0, watch))
    }
}

pub(crate) fn metrics(
    builder: MeterProviderBuilder,
    writer: Option<ConsoleWriter>,
    service: Option<&str>,
    watch: &Watch,
) -> MeterProviderBuilder {
    watch.metrics(builder, LineExporter::new(Output::new(writer), service))
}

pub(crate) fn logs(
    builder: LoggerProviderBuilder,
    writer: Option<ConsoleWriter>,
    watch: &Watch,
) -> LoggerProviderBuilder {
    watch.logs(builder, LogLines(Output::new(writer)))
}
