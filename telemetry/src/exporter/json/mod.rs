//! OTLP as lines of JSON, one line a batch, as the collector's otlpjsonfile receiver reads them
//! (<https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/>).

mod file;
mod lines;

use std::sync::Arc;

use opentelemetry_sdk::logs::LoggerProviderBuilder;
use opentelemetry_sdk::metrics::MeterProviderBuilder;
use opentelemetry_sdk::trace::TracerProviderBuilder;

use crate::config::{ConsoleWriter, FileConfig};
use crate::error::InitError;
use crate::health::Watch;

use self::file::{NotRegular, RotatingFile};
use self::lines::{LineExporter, Sink};

/// A place for lines that several signals share.
#[derive(Debug, Clone)]
pub(crate) struct Lines(Arc<dyn Sink>);

pub(crate) fn file(config: &FileConfig) -> Result<Lines, InitError> {
    let file = RotatingFile::open(config).map_err(|error| {
        let path = config.resolved();
        let failed = format!("the file {path:?} (file.path, THROUGHLINE_FILE_PATH) cannot be opened");
        match error
            .get_ref()
            .and_then(|error| error.downcast_ref::<NotRegular>())
        {
            Some(refused) => InitError::exporter(format!("{failed}: {refused}")),
            None => InitError::exporter(failed).caused_by(error),
        }
    })?;
    Ok(Lines(Arc::new(file)))
}

pub(crate) fn console(writer: Option<ConsoleWriter>) -> Result<Lines, InitError> {
    Ok(Lines(Arc::new(lines::Console(writer))))
}

pub(crate) fn traces(builder: TracerProviderBuilder, lines: &Lines, watch: &Watch) -> TracerProviderBuilder {
    watch.spans(builder, LineExporter::new(Arc::clone(&lines.0)))
}

pub(crate) fn metrics(builder: MeterProviderBuilder, lines: &Lines, watch: &Watch) -> MeterProviderBuilder {
    watch.metrics(builder, LineExporter::new(Arc::clone(&lines.0)))
}

pub(crate) fn logs(builder: LoggerProviderBuilder, lines: &Lines, watch: &Watch) -> LoggerProviderBuilder {
    watch.logs(builder, LineExporter::new(Arc::clone(&lines.0)))
}
