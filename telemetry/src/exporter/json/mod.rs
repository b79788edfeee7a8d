//! OTLP/JSON lines, one line per batch, for the collector's otlpjsonfile receiver
//! (<https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/>).

mod file;
mod lines;

use std::sync::Arc;

use opentelemetry_sdk::logs::LoggerProviderBuilder;
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::trace::TracerProviderBuilder;

use crate::config::{ConsoleWriter, FileConfig};
use crate::error::InitError;

use self::file::{NotRegular, RotatingFile};
use self::lines::{LineSink, Lines};
use super::batch::BatchExporter;
use super::signal_exporter::{Addition, Attachment, SignalExporter};

/// Writes the lines of all signals to one sink.
#[derive(Debug)]
pub(super) struct JsonExporter(Arc<dyn LineSink>);

impl JsonExporter {
    pub(super) fn to_file(config: &FileConfig) -> Result<Self, InitError> {
        let file = RotatingFile::open(config).map_err(|error| {
            let path = config.resolved();
            let failed = format!("the file {path:?} (file.path, THROUGHLINE_FILE_PATH) cannot be opened");
            match error
                .get_ref()
                .and_then(|error| error.downcast_ref::<NotRegular>())
            {
                Some(reason) => InitError::exporter(format!("{failed}: {reason}")),
                None => InitError::exporter(failed).caused_by(error),
            }
        })?;
        Ok(Self(Arc::new(file)))
    }

    pub(super) fn to_console(writer: Option<ConsoleWriter>) -> Self {
        Self(Arc::new(lines::ConsoleSink(writer)))
    }

    fn exporter(&self) -> BatchExporter<Lines> {
        BatchExporter::new(Lines(Arc::clone(&self.0)))
    }
}

impl SignalExporter for JsonExporter {
    fn traces(&mut self, attachment: &Attachment<'_>) -> Result<Addition<TracerProviderBuilder>, InitError> {
        let (monitor, exporter) = (attachment.monitor.clone(), self.exporter());
        Ok(Box::new(move |builder| monitor.spans(builder, exporter)))
    }

    fn metrics(&mut self, attachment: &Attachment<'_>) -> Result<Addition<MeterProviderBuilder>, InitError> {
        let (monitor, exporter) = (attachment.monitor.clone(), self.exporter());
        Ok(Box::new(move |builder| monitor.metrics(builder, exporter)))
    }

    fn logs(&mut self, attachment: &Attachment<'_>) -> Result<Addition<LoggerProviderBuilder>, InitError> {
        let (monitor, exporter) = (attachment.monitor.clone(), self.exporter());
        Ok(Box::new(move |builder| monitor.logs(builder, exporter)))
    }
}
