//! A layer that writes the current context into the headers of outgoing requests.
//!
//! No span is started: the parent of what the callee does is the span that is current when the request is sent. If
//! there is none, local or remote, `traceparent` and `tracestate` are left as they are.
//!
//! **Trace context goes to every host, baggage to none** until [`Outgoing`](crate::Outgoing) names hosts for it.
//!
//! | header | written |
//! |---|---|
//! | `traceparent` | if the current context has a valid span, in the place of one that is there |
//! | `tracestate` | with `traceparent`, if it has members; one that belonged to another `traceparent` is removed |
//! | `baggage` | if there is baggage and the host was named |
//!
//! ```
//! use http::{Request, Response};
//! use throughline_propagation::{InjectLayer, Outgoing};
//! use tower::{ServiceBuilder, service_fn};
//!
//! let client = ServiceBuilder::new()
//!     .layer(InjectLayer::new().with_outgoing(Outgoing::new().with_baggage_to(["*.internal"])))
//!     .service(service_fn(|_: Request<String>| async {
//!         Ok::<_, std::convert::Infallible>(Response::new(String::new()))
//!     }));
//! # let _ = client;
//! ```

mod layer;
mod service;

pub use layer::InjectLayer;
pub use service::Inject;
