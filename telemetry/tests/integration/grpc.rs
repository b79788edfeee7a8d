//! A scripted collector over gRPC: it stores what it accepts, and can be stopped and started

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

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
use tokio::runtime::Runtime;
use tonic::metadata::MetadataMap;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status};

use crate::TEST_TIMEOUT;
use crate::collector::names;

/// It stops when it is dropped, with all its connections.
#[derive(Debug)]
pub(crate) struct Grpc {
    pub(crate) address: SocketAddr,
    services: Services,
    runtime: Option<Runtime>,
}

#[derive(Debug, Clone)]
struct Services(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    code: Code,
    spans: Vec<String>,
    headers: Vec<MetadataMap>,
}

impl Grpc {
    pub(crate) fn start(code: Code) -> Self {
        Self::serve(
            "127.0.0.1:0".parse().expect("an address"),
            code,
            Server::builder(),
        )
    }

    /// As configured by the builder, at an address.
    pub(crate) fn serve(address: SocketAddr, code: Code, mut server: Server) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind(address)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let services = Services(Arc::new(Mutex::new(State {
            code,
            spans: Vec::new(),
            headers: Vec::new(),
        })));
        let router = server
            .add_service(TraceServiceServer::new(services.clone()))
            .add_service(LogsServiceServer::new(services.clone()))
            .add_service(MetricsServiceServer::new(services.clone()));
        drop(runtime.spawn(router.serve_with_incoming(TcpIncoming::from(listener))));
        Self {
            address,
            services,
            runtime: Some(runtime),
        }
    }

    /// The names of the spans that were accepted.
    pub(crate) fn spans(&self) -> Vec<String> {
        self.services.state(|state| state.spans.clone())
    }

    /// The headers of each request that was accepted.
    pub(crate) fn headers(&self) -> Vec<MetadataMap> {
        self.services.state(|state| state.headers.clone())
    }
}

impl Drop for Grpc {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Nothing listens any more when this returns.
            runtime.shutdown_timeout(TEST_TIMEOUT);
        }
    }
}

impl Services {
    fn state<T>(&self, of: impl FnOnce(&mut State) -> T) -> T {
        of(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take<R, T: Default>(&self, request: &Request<R>, spans: Vec<String>) -> Result<Response<T>, Status> {
        self.state(|state| {
            if state.code != Code::Ok {
                return Err(Status::new(state.code, "scripted"));
            }
            state.spans.extend(spans);
            state.headers.push(request.metadata().clone());
            Ok(Response::new(T::default()))
        })
    }
}

#[tonic::async_trait]
impl TraceService for Services {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.take(&request, names(request.get_ref()))
    }
}

#[tonic::async_trait]
impl LogsService for Services {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        self.take(&request, Vec::new())
    }
}

#[tonic::async_trait]
impl MetricsService for Services {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        self.take(&request, Vec::new())
    }
}
