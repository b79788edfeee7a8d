//! Converts batches to the requests of OTLP, for the exporters that store or write them.

use std::fmt::Debug;
use std::time::Duration;

use opentelemetry::logs::Severity;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::logs::tonic::group_logs_by_resource_and_scope;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogExporter};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

/// Stores or writes requests.
pub(super) trait RequestSink: Debug + Send + Sync + 'static {
    fn traces(&self, request: ExportTraceServiceRequest) -> OTelSdkResult;

    fn logs(&self, request: ExportLogsServiceRequest) -> OTelSdkResult;

    fn metrics(&self, request: ExportMetricsServiceRequest) -> OTelSdkResult;

    /// Makes durable what was taken. Also called at the end.
    fn flush(&self) -> OTelSdkResult {
        Ok(())
    }
}

/// An exporter of all signals to a sink.
#[derive(Debug)]
pub(super) struct BatchExporter<S> {
    sink: S,
    resource: ResourceAttributesWithSchema,
}

impl<S: RequestSink> BatchExporter<S> {
    pub(super) fn new(sink: S) -> Self {
        Self {
            sink,
            resource: ResourceAttributesWithSchema::default(),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: RequestSink> SpanExporter for BatchExporter<S> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        self.sink.traces(ExportTraceServiceRequest { resource_spans })
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.sink.flush()
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.sink.flush()
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.sink.flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: RequestSink> LogExporter for BatchExporter<S> {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        let resource_logs = group_logs_by_resource_and_scope(&batch, &self.resource);
        self.sink.logs(ExportLogsServiceRequest { resource_logs })
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.sink.flush()
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.sink.flush()
    }

    fn event_enabled(&self, _: Severity, _: &str, _: Option<&str>) -> bool {
        true
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: RequestSink> PushMetricExporter for BatchExporter<S> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.sink.metrics(metrics.into())
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.sink.flush()
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.sink.flush()
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.sink.flush()
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}
