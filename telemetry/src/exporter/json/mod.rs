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
use self::lines::{LineExporter, LineSink};
use super::signal_exporter::{Attachment, SignalExporter};

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

    fn exporter(&self) -> LineExporter {
        LineExporter::new(Arc::clone(&self.0))
    }
}

impl SignalExporter for JsonExporter {
    fn traces(
        &mut self,
        builder: TracerProviderBuilder,
        attachment: &Attachment<'_>,
    ) -> Result<TracerProviderBuilder, InitError> {
        Ok(attachment.monitor.spans(builder, self.exporter()))
    }

    fn metrics(
        &mut self,
        builder: MeterProviderBuilder,
        attachment: &Attachment<'_>,
    ) -> Result<MeterProviderBuilder, InitError> {
        Ok(attachment.monitor.metrics(builder, self.exporter()))
    }

    fn logs(
        &mut self,
        builder: LoggerProviderBuilder,
        attachment: &Attachment<'_>,
    ) -> Result<LoggerProviderBuilder, InitError> {
        Ok(attachment.monitor.logs(builder, self.exporter()))
    }
}
