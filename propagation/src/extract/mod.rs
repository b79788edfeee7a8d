//! A layer that makes the context of each request current.
//!
//! The context is current while the inner service is called, while its future is polled, and while that is
//! dropped. The [`Context`] is also in the extensions of the request, for handlers that run elsewhere.
//! Response bodies are not wrapped. No span is started: together with `InjectLayer` on the client, a service
//! without an SDK passes the trace of its caller on.
//!
//! | the request has | the current context |
//! |---|---|
//! | one valid `traceparent` | has the remote span, and its `tracestate` |
//! | none, two, or an invalid one | is unchanged; with [`with_minting`](ExtractLayer::with_minting), has a new span |
//! | `baggage` | has the baggage |
//! | an untrusted caller | is unchanged, or has a new span; [`Extracted`] is in the extensions |
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
