//! Tower layers that trace and measure HTTP and gRPC servers and clients with OpenTelemetry.
//!
//! [`ServerLayer`] wraps a service, [`ClientLayer`] wraps a client. Each handles context, span and metrics,
//! by the stable [semantic conventions for HTTP](https://opentelemetry.io/docs/specs/semconv/http/) and those
//! for [gRPC](https://opentelemetry.io/docs/specs/semconv/rpc/grpc/). See [`server`] and [`client`] for what
//! is recorded and when. [`span`] has helpers for your own spans.
//!
//! ```
//! use http::{Request, Response};
//! use throughline_tracing_layer::{ClientLayer, ServerLayer};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # type Body = http_body_util::Empty<bytes::Bytes>;
//! let client = ServiceBuilder::new()
//!     .layer(ClientLayer::new()) // a span for each attempt, its context in the headers
//!     .service(service_fn(|_: Request<Body>| async { Ok::<_, http::Error>(Response::new(Body::new())) }));
//! let server = ServiceBuilder::new()
//!     .layer(ServerLayer::new()) // a span in the caller's trace, until the body has ended
//!     .service(service_fn(move |_: Request<Body>| {
//!         let client = client.clone();
//!         async move { client.oneshot(Request::get("http://callee/").body(Body::new())?).await }
//!     }));
//! # let _ = server;
//! ```
//!
//! The layers need the OpenTelemetry API and no SDK. By default they use the global providers and propagator,
//! which `throughline-telemetry` or your own code installs.
//!
//! Items that the crate `throughline` re-exports have examples with its paths, such as
//! `throughline::ClientLayer`. If you depend on this crate alone, write `throughline_tracing_layer` in place
//! of `throughline`.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `axum` | off | routes from `MatchedPath`, paths from `OriginalUri`, peers from `ConnectInfo`, bytes of streamed requests |
//! | `hyper-util` | off | the address of the peer and the class of errors on the spans of hyper-util's client |
//! | `internal-logs` | on | one warning, in OpenTelemetry's internal log, if there is no provider |
//! | `loopback` | off | `loopback`, an observed reverse proxy on 127.0.0.1 for clients that own their HTTP client |
//! | `macros` | off | the attribute `#[traced]` |
//! | `reqwest` | off | [`ClientLayer`] over `reqwest::Client` |
//! | `reqwest-middleware` | off | [`ClientLayer`] as a `Middleware` |
//! | `tokio` | off | helpers that spawn Tokio tasks in the current context |
//! | `tonic` | off | the peer's address on the spans of a tonic server, and the status of errors on those of a client; gRPC is recognised without it |
//! | `tower` | off | the class of tower's and Tokio's own errors, such as timeouts; included in `hyper-util`, `reqwest` and `tonic` |
//!
//! To write your own layer, see [`observe`] (one future, one body, one ending), [`message`] (requests
//! and responses of `http` and reqwest), [`pending`] (spans that are recorded on another thread) and
//! [`redaction`] (text without secrets).

#![cfg_attr(docsrs, feature(doc_cfg))]

mod authority;
pub mod client;
pub mod error_message;
pub mod error_type;
mod exchange;
mod grpc;
mod headers;
mod hook;
mod intern;
pub mod labels;
mod layer_parts;
pub mod limits;
mod line;
#[cfg(feature = "loopback")]
#[cfg_attr(docsrs, doc(cfg(feature = "loopback")))]
pub mod loopback;
pub mod message;
mod method;
mod metrics;
mod nesting;
pub mod notice;
pub mod observe;
pub mod pending;
mod pooled;
mod protocol;
pub mod provider;
mod query;
mod recent;
pub mod redaction;
mod request_body;
pub mod semconv;
pub mod series;
pub mod server;
mod setters;
mod settings;
pub mod span;
mod template;
mod url;

#[doc(inline)]
pub use client::ClientLayer;
#[doc(inline)]
pub use observe::EndAt;
pub use query::{ParameterNames, Query};
#[doc(inline)]
pub use server::ServerLayer;
#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
pub use throughline_macros::traced;

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
