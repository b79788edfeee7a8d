//! Converts batches to the requests of OTLP, for all exporters that send or write OTLP.

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

/// Sends or stores requests.
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
    temporality: Temporality,
}

impl<S: RequestSink> BatchExporter<S> {
    pub(super) fn new(sink: S) -> Self {
        Self {
            sink,
            resource: ResourceAttributesWithSchema::default(),
            temporality: Temporality::Cumulative,
        }
    }

    /// Sets the temporality of metrics. Default: cumulative.
    #[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
    #[must_use]
    pub(super) fn with_temporality(mut self, temporality: Temporality) -> Self {
        self.temporality = temporality;
        self
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: RequestSink> SpanExporter for BatchExporter<S> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.sink.traces(traces(batch, &self.resource))
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
        self.sink.logs(logs(&batch, &self.resource))
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
        self.sink.metrics(self::metrics(metrics))
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
        self.temporality
    }
}

/// Converts spans.
pub(super) fn traces(
    batch: Vec<SpanData>,
    resource: &ResourceAttributesWithSchema,
) -> ExportTraceServiceRequest {
    let resource_spans = group_spans_by_resource_and_scope(batch, resource);
    ExportTraceServiceRequest { resource_spans }
}

/// Converts log records.
pub(super) fn logs(
    batch: &LogBatch<'_>,
    resource: &ResourceAttributesWithSchema,
) -> ExportLogsServiceRequest {
    let resource_logs = group_logs_by_resource_and_scope(batch, resource);
    ExportLogsServiceRequest { resource_logs }
}

/// Converts metrics.
pub(super) fn metrics(metrics: &ResourceMetrics) -> ExportMetricsServiceRequest {
    metrics.into()
}
