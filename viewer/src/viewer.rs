//! A viewer: its store, its page and its receivers.

use std::future::Future;
use std::io;
#[cfg(feature = "receiver")]
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use tokio::net::TcpListener;

use crate::api;
use crate::config::ViewerConfig;
#[cfg(feature = "receiver")]
use crate::file::{self, FileReport};
#[cfg(feature = "receiver")]
use crate::otlp::{JsonError, LineKind};
#[cfg(feature = "receiver")]
use crate::receiver;
use crate::server::{self, Protocol};
use crate::shared::Shared;
use crate::store::Receipt;

/// A store of telemetry and its page. Clones share the store.
#[derive(Debug, Clone)]
pub struct Viewer {
    shared: Arc<Shared>,
}

impl Viewer {
    /// Creates a viewer with an empty store.
    #[must_use]
    pub fn new(config: ViewerConfig) -> Self {
        Self {
            shared: Arc::new(Shared::new(&config)),
        }
    }

    /// Adds spans.
    #[expect(clippy::must_use_candidate, reason = "most callers cannot report it")]
    pub fn add_traces(&self, request: &ExportTraceServiceRequest) -> Receipt {
        self.shared.store.add_traces(request)
    }

    /// Adds log records.
    pub fn add_logs(&self, request: &ExportLogsServiceRequest) {
        self.shared.store.add_logs(request);
    }

    /// Adds data points. Only those of `prompt_size` are stored.
    pub fn add_metrics(&self, request: &ExportMetricsServiceRequest) {
        self.shared.store.add_metrics(request);
    }

    /// Adds a line of OTLP/JSON: spans, log records or data points, as the exporter `file` writes them.
    ///
    /// # Errors
    /// Returns an error if the line is not OTLP/JSON.
    #[cfg(feature = "receiver")]
    pub fn add_json_line(&self, line: &[u8]) -> Result<LineKind, JsonError> {
        file::add_line(&self.shared.store, line)
    }

    /// Adds the lines of a file that the exporter `file` has written, and of its rotated parts, such as
    /// `trace.jsonl.1`, the oldest first. Invalid lines are skipped and reported.
    ///
    /// # Errors
    /// Returns an error if a file cannot be read.
    #[cfg(feature = "receiver")]
    pub fn add_file(&self, path: &Path) -> io::Result<FileReport> {
        file::add(&self.shared.store, path)
    }

    /// Returns the receiver of OTLP over HTTP: `POST /v1/traces`, `/v1/logs` and `/v1/metrics`, as protobuf or
    /// JSON, also with gzip. Requests from web pages are refused.
    #[cfg(feature = "receiver")]
    pub fn receiver_router(&self) -> Router {
        receiver::http::router(&self.shared)
    }

    /// Serves the receiver of OTLP over HTTP until `shutdown` completes. The page shows its address.
    ///
    /// # Errors
    /// Returns an error if the listener fails.
    #[cfg(feature = "receiver")]
    pub async fn serve_http(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        self.shared
            .add_receiver(format!("http://{}", listener.local_addr()?));
        server::serve(listener, self.receiver_router(), Protocol::Http1, shutdown).await;
        Ok(())
    }

    /// Serves the receiver of OTLP over gRPC until `shutdown` completes. The page shows its address.
    ///
    /// # Errors
    /// Returns an error if the listener fails.
    #[cfg(feature = "receiver")]
    pub async fn serve_grpc(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        self.shared
            .add_receiver(format!("grpc://{}", listener.local_addr()?));
        server::serve(
            listener,
            receiver::grpc::router(&self.shared),
            Protocol::Http2,
            shutdown,
        )
        .await;
        Ok(())
    }

    /// Returns the page and its JSON API, to be served alone or below a path of another router. The checks of
    /// [access](crate#access) are part of it.
    ///
    /// Use `nest_service`, which also serves the path with a final slash; `nest` does not.
    ///
    /// ```
    /// let viewer = throughline_viewer::Viewer::default();
    /// let app: axum::Router = axum::Router::new().nest_service("/debug/traces", viewer.router());
    /// ```
    pub fn router(&self) -> Router {
        api::router(&self.shared)
    }

    /// Serves the page until `shutdown` completes. Open event streams end with it.
    ///
    /// # Errors
    /// Returns an error if the listener fails.
    pub async fn serve_page(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let viewer = self.clone();
        let shutdown = async move {
            shutdown.await;
            viewer.end();
        };
        server::serve(listener, self.router(), Protocol::Http1, shutdown).await;
        Ok(())
    }

    /// Ends the event streams of open pages, so that a server can shut down gracefully.
    pub fn end(&self) {
        self.shared.end();
    }
}

impl Default for Viewer {
    fn default() -> Self {
        Self::new(ViewerConfig::default())
    }
}
