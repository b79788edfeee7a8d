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
mod layer;
mod metrics;
mod route;
mod service;
mod settings;

pub use self::exchange::Exchange;
pub use self::layer::ServerLayer;
pub use self::service::Server;

#[cfg(test)]
mod tests;
