//! Telemetry for people: one tree a trace, one line a metric or a log record.

mod bars;
mod critical;
#[cfg(test)]
mod fixture;
mod logs;
mod metrics;
mod open;
mod output;
mod printer;
mod processor;
mod roles;
mod row;
mod text;
mod trace;
mod traces;
mod tree;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use opentelemetry_sdk::logs::LoggerProviderBuilder;
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::trace::TracerProviderBuilder;

use crate::config::ConsoleWriter;
use crate::error::InitError;
use crate::health::Watch;

use self::logs::LogLines;
use self::metrics::LineExporter;
use self::output::Output;
use self::printer::Printer;
use self::processor::ConsoleProcessor;

/// Where the services of a process print their traces, each span in the tree of its trace.
#[derive(Debug)]
pub(crate) struct Console {
    printer: Arc<Printer>,
    running: Arc<AtomicUsize>,
}

impl Console {
    pub(crate) fn start(writer: Option<ConsoleWriter>, watch: &Watch) -> Result<Self, InitError> {
        Ok(Self {
            printer: Arc::new(Printer::start(Output::new(writer), watch)?),
            running: Arc::default(),
        })
    }

    pub(crate) fn traces(&self, builder: TracerProviderBuilder, watch: &Watch) -> TracerProviderBuilder {
        watch.process(
            builder,
            ConsoleProcessor::new(&self.printer, &self.running, watch),
        )
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
