//! A collector of OTLP over HTTP that counts spans.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

pub(crate) struct Collector {
    url: String,
    spans: Arc<AtomicU64>,
}

impl Collector {
    /// Starts a collector on its own thread, which runs until the process ends.
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let spans = Arc::<AtomicU64>::default();
        let received = Arc::clone(&spans);
        let traces = async move |body: Bytes| {
            let request = ExportTraceServiceRequest::decode(body).unwrap_or_default();
            let scopes = request
                .resource_spans
                .iter()
                .flat_map(|resource| &resource.scope_spans);
            received.fetch_add(
                scopes.map(|scope| scope.spans.len() as u64).sum(),
                Ordering::Relaxed,
            );
        };
        let router = Router::new()
            .route("/v1/traces", post(traces))
            .route("/v1/metrics", post(async |_: Bytes| ()))
            .layer(DefaultBodyLimit::disable());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        thread::spawn(move || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                axum::serve(listener, router).await
            })
        });
        Ok(Self { url, spans })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn spans(&self) -> u64 {
        self.spans.load(Ordering::Relaxed)
    }
}
