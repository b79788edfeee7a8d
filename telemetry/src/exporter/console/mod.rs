//! Human-readable telemetry: one tree per trace, one line per metric or log record.

mod ascii;
mod bars;
mod columns;
mod details;
#[cfg(test)]
mod fixture;
mod fold;
mod logs;
mod metrics;
mod open;
mod output;
mod page;
mod percentiles;
mod printer;
mod processor;
mod roles;
mod row;
mod summary;
mod table;
mod text;
mod trace;
mod traces;
mod tree;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use opentelemetry_sdk::logs::LoggerProviderBuilder;
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::trace::TracerProviderBuilder;

use crate::error::InitError;

use self::logs::LogLines;
use self::metrics::MetricLines;
use self::output::Output;
use self::printer::Printer;
use self::processor::ConsoleProcessor;
use super::signal_exporter::{Attachment, SignalExporter};

/// Prints the telemetry of all services of the process: each span in the tree of its trace.
#[derive(Debug, Default)]
pub(super) struct ConsoleExporter {
    /// Started by the first provider that prints spans.
    printer: Option<Arc<Printer>>,
    running: Arc<AtomicUsize>,
}

impl SignalExporter for ConsoleExporter {
    fn traces(
        &mut self,
        builder: TracerProviderBuilder,
        attachment: &Attachment<'_>,
    ) -> Result<TracerProviderBuilder, InitError> {
        let Attachment { config, monitor, .. } = attachment;
        let printer = match &self.printer {
            Some(printer) => printer,
            None => {
                let printer = Printer::start(Output::new(config), monitor)?;
                self.printer.insert(Arc::new(printer))
            }
        };
        let processor = ConsoleProcessor::new(printer, &self.running, monitor);
        Ok(monitor.process(builder, processor))
    }

    fn metrics(
        &mut self,
        builder: MeterProviderBuilder,
        attachment: &Attachment<'_>,
    ) -> Result<MeterProviderBuilder, InitError> {
        let exporter = MetricLines::new(Output::new(attachment.config), attachment.service);
        Ok(attachment.monitor.metrics(builder, exporter))
    }

    fn logs(
        &mut self,
        builder: LoggerProviderBuilder,
        attachment: &Attachment<'_>,
    ) -> Result<LoggerProviderBuilder, InitError> {
        Ok(attachment
            .monitor
            .logs(builder, LogLines(Output::new(attachment.config))))
    }
}
