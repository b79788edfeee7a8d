//! The gateway in an axum application.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use throughline::ServerLayer;
use tower::{Layer, Service};

use crate::body::Body;
use crate::gateway::Gateway;
use crate::running::Running;
use crate::server::{Handler, Traced};

impl Gateway {
    /// Returns a router that answers every path as [`Server`](crate::Server) does, for a program with its own
    /// server.
    ///
    /// ```
    /// use std::net::SocketAddr;
    ///
    /// use axum::{Router, routing::get};
    /// use throughline_gateway::{Config, Gateway};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let config = Config::from_yaml("providers: [{ name: local, api: openai, base_url: http://127.0.0.1:8000/v1 }]")?;
    /// let gateway = Gateway::new(&config)?;
    /// let app: Router = Router::new()
    ///     .route("/", get(|| async { "models are at /llm/v1" }))
    ///     .nest_service("/llm", gateway.router());
    /// let app = app.into_make_service_with_connect_info::<SocketAddr>(); // for the span's client.address
    /// # let _ = app;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// It follows the settings of the first listener, except those of the address, TLS and connections, which
    /// belong to the program's server. `/metrics` is not served. After the server has stopped, await
    /// [`wait_idle`](Self::wait_idle).
    pub fn router(&self) -> Router {
        let handler = Arc::new(Handler::new(
            self.clone(),
            self.first_listener(),
            None,
            Running::new(),
        ));
        let service = ServerLayer::new().layer(Traced(handler.clone()));
        Router::new().fallback(move |request: Request| {
            let (handler, mut service) = (handler.clone(), service.clone());
            async move {
                if let Some(answer) = handler.operator_answer(&request) {
                    return answer.map(axum::body::Body::from);
                }
                let peer = request
                    .extensions()
                    .get()
                    .map(|ConnectInfo(peer): &ConnectInfo<SocketAddr>| *peer);
                let mut request = request.map(Body::new);
                handler.prepare(&mut request, peer);
                match service.call(request).await {
                    Ok(answer) => answer.map(axum::body::Body::new),
                    Err(never) => match never {},
                }
            }
        })
    }
}
