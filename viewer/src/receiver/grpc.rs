//! OTLP over gRPC.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request as HttpRequest, State};
use axum::middleware::{self, Next};
use http::{HeaderValue, Response};
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{LogsService, LogsServiceServer};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tokio::sync::Semaphore;
use tonic::codec::CompressionEncoding;
use tonic::service::Routes;

use crate::shared::Shared;

use super::{MAX_REQUEST_BYTES, MAX_REQUESTS, READ_TIMEOUT, partial};

#[derive(Debug, Clone)]
struct Receiver(Arc<Shared>);

pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    let receiver = Receiver(Arc::clone(shared));
    let traces = TraceServiceServer::new(receiver.clone())
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(MAX_REQUEST_BYTES);
    let logs = LogsServiceServer::new(receiver.clone())
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(MAX_REQUEST_BYTES);
    let metrics = MetricsServiceServer::new(receiver)
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(MAX_REQUEST_BYTES);
    let requests = Arc::new(Semaphore::new(MAX_REQUESTS));
    Routes::new(traces)
        .add_service(logs)
        .add_service(metrics)
        .into_axum_router()
        .layer(middleware::from_fn_with_state(requests, limited))
}

/// Bounds the requests that are read at the same time, and the time in which one must arrive.
async fn limited(State(requests): State<Arc<Semaphore>>, request: HttpRequest, next: Next) -> Response<Body> {
    // The semaphore is never closed.
    let _permit = requests.acquire().await;
    match tokio::time::timeout(READ_TIMEOUT, next.run(request)).await {
        Ok(response) => final_status(response),
        Err(_) => {
            let message = format!("the request took longer than {READ_TIMEOUT:?}");
            tonic::Status::deadline_exceeded(message).into_http()
        }
    }
}

/// Replaces the statuses of tonic for requests that can never succeed. Clients of OTLP retry `OUT_OF_RANGE`,
/// which tonic returns for a request that is too large; and `INTERNAL`, for invalid protobuf, does not say who
/// is to blame.
fn final_status(mut response: Response<Body>) -> Response<Body> {
    let replaced = match response.headers().get(STATUS).map(HeaderValue::as_bytes) {
        Some(b"11") => Some("8"), // RESOURCE_EXHAUSTED
        Some(b"13") => Some("3"), // INVALID_ARGUMENT
        _ => None,
    };
    if let Some(replaced) = replaced {
        response
            .headers_mut()
            .insert(STATUS, HeaderValue::from_static(replaced));
    }
    response
}

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        let receipt = self.0.store.add_traces(request.get_ref());
        Ok(tonic::Response::new(partial::traces(receipt)))
    }
}

#[tonic::async_trait]
impl LogsService for Receiver {
    async fn export(
        &self,
        request: tonic::Request<ExportLogsServiceRequest>,
    ) -> Result<tonic::Response<ExportLogsServiceResponse>, tonic::Status> {
        self.0.store.add_logs(request.get_ref());
        Ok(tonic::Response::new(ExportLogsServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Receiver {
    async fn export(
        &self,
        request: tonic::Request<ExportMetricsServiceRequest>,
    ) -> Result<tonic::Response<ExportMetricsServiceResponse>, tonic::Status> {
        self.0.store.add_metrics(request.get_ref());
        Ok(tonic::Response::new(ExportMetricsServiceResponse::default()))
    }
}

const STATUS: &str = "grpc-status";
