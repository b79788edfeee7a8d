//! Traces and measures an HTTP client.
//!
//! ```
//! use http::{Request, Response};
//! use throughline_tracing_layer::ClientLayer;
//! use tower_layer::Layer;
//!
//! # type Body = http_body_util::Empty<bytes::Bytes>;
//! async fn send(_: Request<Body>) -> Result<Response<Body>, std::io::Error> {
//!     Ok(Response::new(Body::new()))
//! }
//!
//! let client = ClientLayer::new().layer(tower::service_fn(send));
//! ```

mod attributes;
mod exchange;
mod layer;
mod metrics;
mod outbound;
mod service;
mod settings;

pub use self::exchange::Exchange;
pub use self::layer::ClientLayer;
pub use self::service::Client;

#[cfg(test)]
mod tests;
