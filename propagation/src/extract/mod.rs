//! A layer that makes the context a request brought the current one.
//!
//! Around the inner service: while it is called, while its future is polled, and while that is dropped. The
//! [`Context`] is also among the request's extensions, for handlers that run elsewhere. Response bodies are not
//! wrapped. No span is started: with `InjectLayer` on the client the trace of the caller passes through this service,
//! without any SDK.
//!
//! | the request has | the current context inside |
//! |---|---|
//! | one valid `traceparent` | has the remote span, and its `tracestate` |
//! | none, two, or an invalid one | is the one outside; with [`with_minting`](ExtractLayer::with_minting), has a new span |
//! | `baggage` | has the baggage |
//! | a caller that is not believed | is the one outside, or a new span; [`Extracted`] is among the extensions |
//!
//! ```
//! use http::{Request, Response};
//! use throughline_propagation::{ExtractLayer, Trust};
//! use tower::{ServiceBuilder, service_fn};
//!
//! let service = ServiceBuilder::new()
//!     .layer(ExtractLayer::new().with_trust(Trust::Always))
//!     .service(service_fn(|_: Request<String>| async {
//!         // `opentelemetry::Context::current()` is the caller's.
//!         Ok::<_, std::convert::Infallible>(Response::new(String::new()))
//!     }));
//! # let _ = service;
//! ```
//!
//! [`Context`]: opentelemetry::Context
//! [`Extracted`]: crate::Extracted

mod layer;
mod service;
mod settings;

pub use layer::ExtractLayer;
pub use service::Extract;
