//! Spans, logs and metrics as OTLP/JSON lines.

use std::fmt::Debug;
use std::io::{self, Write};
use std::sync::Arc;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use serde_core::Serialize;

use crate::config::ConsoleWriter;
use crate::exporter::batch::RequestSink;

/// A destination for lines.
pub(super) trait LineSink: Send + Sync + Debug {
    /// Writes a line with its newline, completely or not at all.
    fn line(&self, line: &str) -> io::Result<()>;

    /// Makes written lines durable, even if the machine crashes.
    fn sync(&self) -> io::Result<()>;
}

/// Standard output or the configured writer.
#[derive(Debug)]
pub(super) struct ConsoleSink(pub(super) Option<ConsoleWriter>);

impl LineSink for ConsoleSink {
    fn line(&self, line: &str) -> io::Result<()> {
        match &self.0 {
            Some(writer) => writer.write(line),
            None => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(line.as_bytes())?;
                stdout.flush()
            }
        }
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes each batch as one line.
#[derive(Debug)]
pub(super) struct Lines(pub(super) Arc<dyn LineSink>);

impl Lines {
    fn write(&self, batch: &impl Serialize) -> OTelSdkResult {
        let mut line = serde_json::to_string(batch).map_err(|error| failure(&error))?;
        line.push('\n');
        self.0.line(&line).map_err(|error| failure(&error))
    }
}

impl RequestSink for Lines {
    fn traces(&self, request: ExportTraceServiceRequest) -> OTelSdkResult {
        self.write(&request)
    }

    fn logs(&self, request: ExportLogsServiceRequest) -> OTelSdkResult {
        self.write(&request)
    }

    fn metrics(&self, request: ExportMetricsServiceRequest) -> OTelSdkResult {
        self.write(&request)
    }

    fn flush(&self) -> OTelSdkResult {
        self.0.sync().map_err(|error| failure(&error))
    }
}

fn failure(error: &dyn std::error::Error) -> OTelSdkError {
    OTelSdkError::InternalFailure(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use opentelemetry::logs::{Logger, LoggerProvider};
    use opentelemetry::metrics::MeterProvider;
    use opentelemetry::trace::{Tracer, TracerProvider};
    use opentelemetry_sdk::logs::SdkLoggerProvider;
    use opentelemetry_sdk::metrics::SdkMeterProvider;
    use opentelemetry_sdk::trace::SdkTracerProvider;

    use super::*;
    use crate::exporter::batch::BatchExporter;

    /// Records its calls.
    #[derive(Debug, Default)]
    struct CallLog(Mutex<Vec<&'static str>>);

    impl LineSink for CallLog {
        fn line(&self, _: &str) -> io::Result<()> {
            self.0.lock().expect("unpoisoned").push("line");
            Ok(())
        }

        fn sync(&self) -> io::Result<()> {
            self.0.lock().expect("unpoisoned").push("sync");
            Ok(())
        }
    }

    #[test]
    fn what_was_written_is_synced_at_the_end() {
        let log = || Arc::new(CallLog::default());
        let exporter = |log: &Arc<CallLog>| BatchExporter::new(Lines(Arc::clone(log) as Arc<dyn LineSink>));
        let (spans, logs, metrics) = (log(), log(), log());

        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter(&spans))
            .build();
        drop(provider.tracer("test").start("work"));
        provider.shutdown().expect("ended");

        let provider = SdkLoggerProvider::builder()
            .with_batch_exporter(exporter(&logs))
            .build();
        let logger = provider.logger("test");
        logger.emit(logger.create_log_record());
        provider.shutdown().expect("ended");

        let provider = SdkMeterProvider::builder()
            .with_periodic_exporter(exporter(&metrics))
            .build();
        provider.meter("test").u64_counter("n").build().add(1, &[]);
        provider.shutdown().expect("ended");

        for (signal, log) in [("spans", spans), ("logs", logs), ("metrics", metrics)] {
            assert_eq!(*log.0.lock().expect("unpoisoned"), ["line", "sync"], "{signal}");
        }
    }
}
