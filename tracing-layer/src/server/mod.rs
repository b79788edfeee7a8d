//! Traces and measures an HTTP server.
//!
//! ```
//! use http::{Request, Response};
//! use throughline_tracing_layer::ServerLayer;
//! use tower_layer::Layer;
//!
//! # type Body = http_body_util::Empty<bytes::Bytes>;
//! async fn handle(_: Request<Body>) -> Result<Response<Body>, std::convert::Infallible> {
//!     Ok(Response::new(Body::new()))
//! }
//!
//! let service = ServerLayer::new().layer(tower::service_fn(handle));
//! ```

mod attributes;
mod exchange;
mod incoming;
mod layer;
mod metrics;
mod origin;
mod parts;
mod route;
mod route_layer;
mod service;
mod settings;

pub use self::exchange::Serving;
pub use self::layer::ServerLayer;
pub use self::parts::{MetricsLayer, SpanLayer};
pub use self::route::set_route;
pub use self::route_layer::{RouteLayer, WithRoute};
pub use self::service::Server;

#[cfg(test)]
mod tests;
