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
//! # mod throughline {
//! #     pub use throughline_propagation::{self as propagation, *};
//! # }
//! use http::{Request, Response};
//! use throughline::ExtractLayer;
//! use throughline::propagation::Trust;
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
//! # Minting
//!
//! A service without an SDK starts no spans, so it has no ids to pass on. If a request comes without a
//! `traceparent`, as from a browser, and the service calls two others, each of them starts a separate trace,
//! and nothing shows that both belong to one request. With [`with_minting`](ExtractLayer::with_minting), the
//! layer creates ("mints") a `traceparent` with random ids for such a request, and both calls join its trace.
//!
//! | | the request has no `traceparent` | sampled flag |
//! |---|---|---|
//! | by default | each service downstream starts its own trace | |
//! | [`with_minting`](ExtractLayer::with_minting) | all services downstream share one trace | not set: a sampler that follows its parent records nothing |
//! | [`with_sampled_minting`](ExtractLayer::with_sampled_minting) | all services downstream share one trace | set: such a sampler records it |
//!
//! The minted span is recorded nowhere, so a backend shows the spans below it as roots, or their parent as
//! missing. Do not mint where an SDK is installed: a `ServerLayer` starts a real root span.
//!
//! [`Context`]: opentelemetry::Context
//! [`Extracted`]: crate::Extracted

mod layer;
mod service;
mod settings;

pub use layer::ExtractLayer;
pub use service::Extract;
