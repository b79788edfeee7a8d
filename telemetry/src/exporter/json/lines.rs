//! Spans, logs and metrics as OTLP/JSON lines.

use std::fmt::Debug;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::logs::Severity;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::logs::tonic::group_logs_by_resource_and_scope;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::logs::{LogBatch, LogExporter};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use serde::Serialize;

use crate::config::ConsoleWriter;

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
pub(super) struct LineExporter {
    sink: Arc<dyn LineSink>,
    resource: ResourceAttributesWithSchema,
}

impl LineExporter {
    pub(super) fn new(sink: Arc<dyn LineSink>) -> Self {
        Self {
            sink,
            resource: ResourceAttributesWithSchema::default(),
        }
    }

    fn write(&self, batch: &impl Serialize) -> OTelSdkResult {
        let mut line = serde_json::to_string(batch).map_err(|error| failure(&error))?;
        line.push('\n');
        self.sink.line(&line).map_err(|error| failure(&error))
    }

    fn sync(&self) -> OTelSdkResult {
        self.sink.sync().map_err(|error| failure(&error))
    }
}

#[deny(clippy::missing_trait_methods)]
impl SpanExporter for LineExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        self.write(&ExportTraceServiceRequest { resource_spans })
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.sync()
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.sync()
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.sync()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}

#[deny(clippy::missing_trait_methods)]
impl LogExporter for LineExporter {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        let resource_logs = group_logs_by_resource_and_scope(&batch, &self.resource);
        self.write(&ExportLogsServiceRequest { resource_logs })
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.sync()
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.sync()
    }

    fn event_enabled(&self, _: Severity, _: &str, _: Option<&str>) -> bool {
        true
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}

#[deny(clippy::missing_trait_methods)]
impl PushMetricExporter for LineExporter {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.write(&ExportMetricsServiceRequest::from(metrics))
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.sync()
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.sync()
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.sync()
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
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
        let exporter = |log: &Arc<CallLog>| LineExporter::new(Arc::clone(log) as Arc<dyn LineSink>);
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
