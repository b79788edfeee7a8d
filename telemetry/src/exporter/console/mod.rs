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
use super::signal_exporter::{Addition, Attachment, SignalExporter};

/// Prints the telemetry of all services of the process: each span in the tree of its trace.
#[derive(Debug, Default)]
pub(super) struct ConsoleExporter {
    /// Started by the first provider that prints spans.
    printer: Option<Arc<Printer>>,
    running: Arc<AtomicUsize>,
}

impl SignalExporter for ConsoleExporter {
    fn traces(&mut self, attachment: &Attachment<'_>) -> Result<Addition<TracerProviderBuilder>, InitError> {
        let Attachment { config, monitor, .. } = attachment;
        let printer = match &self.printer {
            Some(printer) => printer,
            None => {
                let printer = Printer::start(Output::new(config), monitor)?;
                self.printer.insert(Arc::new(printer))
            }
        };
        let processor = ConsoleProcessor::new(printer, &self.running, monitor);
        let monitor = monitor.clone();
        Ok(Box::new(move |builder| monitor.process(builder, processor)))
    }

    fn metrics(&mut self, attachment: &Attachment<'_>) -> Result<Addition<MeterProviderBuilder>, InitError> {
        let exporter = MetricLines::new(Output::new(attachment.config), attachment.service);
        let monitor = attachment.monitor.clone();
        Ok(Box::new(move |builder| monitor.metrics(builder, exporter)))
    }

    fn logs(&mut self, attachment: &Attachment<'_>) -> Result<Addition<LoggerProviderBuilder>, InitError> {
        let (monitor, exporter) = (
            attachment.monitor.clone(),
            LogLines(Output::new(attachment.config)),
        );
        Ok(Box::new(move |builder| monitor.logs(builder, exporter)))
    }
}
