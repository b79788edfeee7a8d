//! A layer that writes the current context into the headers of outgoing requests.
//!
//! It works over services of `http::Request` and, with the feature `reqwest`, over `reqwest::Client`. No span
//! is started. The parent of the callee's spans is the span that is current when the request is sent. If
//! there is none, local or remote, `traceparent` and `tracestate` are left unchanged.
//!
//! **Trace context goes to every host. Baggage goes to no host** until [`Outgoing`](crate::Outgoing) names
//! one.
//!
//! | header | written |
//! |---|---|
//! | `traceparent` | if the current context has a valid span, replacing an existing one |
//! | `tracestate` | with `traceparent`, if it has members; the `tracestate` of another `traceparent` is removed |
//! | `baggage` | if there is baggage and the host is named |
//!
//! ```
//! # mod throughline {
//! #     pub use throughline_propagation::{self as propagation, *};
//! # }
//! use http::{Request, Response};
//! use throughline::InjectLayer;
//! use throughline::propagation::Outgoing;
//! use tower::{ServiceBuilder, service_fn};
//!
//! let client = ServiceBuilder::new()
//!     .layer(InjectLayer::new().with_outgoing(Outgoing::new().with_baggage_to(["*.internal"])))
//!     .service(service_fn(|_: Request<String>| async {
//!         Ok::<_, std::convert::Infallible>(Response::new(String::new()))
//!     }));
//! # let _ = client;
//! ```
//!
//! A `reqwest::Client` follows redirects by itself, so it only gets the headers that every host may see: see
//! [`Outgoing::with_trusted_redirects`](crate::Outgoing::with_trusted_redirects).

mod layer;
mod service;

pub use layer::InjectLayer;
pub use service::Inject;
