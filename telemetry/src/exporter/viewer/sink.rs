//! Adds batches to the store.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_sdk::error::OTelSdkResult;
use throughline_viewer::Viewer;

use crate::exporter::batch::RequestSink;

/// Adds each batch to the store of a viewer. It cannot fail, and has nothing to flush.
#[derive(Debug)]
pub(super) struct ViewerSink(pub(super) Viewer);

impl RequestSink for ViewerSink {
    fn traces(&self, request: ExportTraceServiceRequest) -> OTelSdkResult {
        self.0.add_traces(&request);
        Ok(())
    }

    fn logs(&self, request: ExportLogsServiceRequest) -> OTelSdkResult {
        self.0.add_logs(&request);
        Ok(())
    }

    fn metrics(&self, request: ExportMetricsServiceRequest) -> OTelSdkResult {
        self.0.add_metrics(&request);
        Ok(())
    }
}
