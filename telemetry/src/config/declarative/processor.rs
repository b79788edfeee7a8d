//! Processors of spans and log records: a batch, or each item by itself.

use super::Reader;
use super::node::Node;
use crate::config::fields::Field;
use crate::error::InitError;
use crate::signal::Signal;

impl Reader {
    /// Reads the required list of processors of a provider.
    pub(super) fn processors(&mut self, signal: Signal, list: &Node<'_>) -> Result<(), InitError> {
        for processor in list.items(&self.report)? {
            let (kind, node) = processor.component(&self.report)?;
            match kind {
                "batch" => self.batch(signal, &node)?,
                "simple" => self.simple(signal, &node)?,
                _ => return Err(processor.refused(&self.report, "\"batch\" or \"simple\"")),
            }
        }
        Ok(())
    }

    fn batch(&mut self, signal: Signal, node: &Node<'_>) -> Result<(), InitError> {
        let mut batch = node.section(&self.report)?;
        for (key, field) in [
            ("schedule_delay", Field::Interval(signal)),
            ("export_timeout", Field::ExportTimeout(signal)),
            ("max_queue_size", Field::MaxQueueSize(signal)),
            ("max_export_batch_size", Field::MaxExportBatchSize(signal)),
        ] {
            if let Some(number) = batch.take_set(key) {
                self.claim(field, &number, "a signal has one set of batch settings")?;
                self.set_number(field, &number)?;
            }
        }
        let exporter = batch.require("exporter", &self.report)?;
        batch.finish(&mut self.report);
        self.exporter(signal, &exporter)
    }

    /// Items are exported in batches here too, since a processor that exports one item at a time would block
    /// the program.
    fn simple(&mut self, signal: Signal, node: &Node<'_>) -> Result<(), InitError> {
        let mut simple = node.section(&self.report)?;
        let exporter = simple.require("exporter", &self.report)?;
        simple.finish(&mut self.report);
        self.exporter(signal, &exporter)
    }
}
