//! OTLP over gRPC.

use std::future::Future;
use std::io;
use std::sync::Arc;

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
use tokio::net::TcpListener;
use tonic::codec::CompressionEncoding;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tower::util::MapResponseLayer;

use crate::shared::Shared;

use super::MAX_REQUEST_BYTES;
use super::partial;

#[derive(Debug, Clone)]
struct Receiver(Arc<Shared>);

pub(crate) async fn serve(
    shared: &Arc<Shared>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
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
    Server::builder()
        .concurrency_limit_per_connection(MAX_REQUESTS_PER_CONNECTION)
        .layer(MapResponseLayer::new(final_status::<tonic::body::Body>))
        .add_service(traces)
        .add_service(logs)
        .add_service(metrics)
        .serve_with_incoming_shutdown(TcpIncoming::from(listener), shutdown)
        .await
        .map_err(io::Error::other)
}

/// Replaces the statuses of tonic for requests that can never succeed. Clients of OTLP retry `OUT_OF_RANGE`,
/// which tonic returns for a request that is too large; and `INTERNAL`, for invalid protobuf, does not say who
/// is to blame.
fn final_status<B>(mut response: Response<B>) -> Response<B> {
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
/// The maximum number of requests of a connection that are read at the same time.
const MAX_REQUESTS_PER_CONNECTION: usize = 4;
