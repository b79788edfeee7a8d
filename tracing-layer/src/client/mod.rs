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

mod attempts;
mod attributes;
mod exchange;
mod layer;
mod metrics;
#[cfg(feature = "reqwest-middleware")]
mod middleware;
mod outbound;
mod parts;
mod service;
mod settings;

pub use self::attempts::{Attempts, AttemptsLayer, Counted, UrlTemplate};
pub use self::exchange::Sending;
pub use self::layer::ClientLayer;
pub use self::outbound::Attempt;
pub use self::parts::{MetricsLayer, SpanLayer};
pub use self::service::Client;

#[cfg(test)]
mod tests;
