//! W3C Trace Context and Baggage for tower services: values, a propagator, layers, and carriers.
//!
//! A trace crosses a process boundary in three headers. This crate reads and writes them as specified by
//! [Trace Context Level 2](https://www.w3.org/TR/trace-context-2/) and
//! [Baggage](https://www.w3.org/TR/baggage/), for HTTP, messages and child processes. It needs the
//! OpenTelemetry API and no SDK.
//!
//! ```
//! use http::{Request, Response};
//! use throughline_propagation::{ExtractLayer, InjectLayer};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! let client = ServiceBuilder::new()
//!     .layer(InjectLayer::new()) // the current context into the headers
//!     .service(service_fn(|_: Request<String>| async { Ok::<_, http::Error>(Response::new(String::new())) }));
//! let server = ServiceBuilder::new()
//!     .layer(ExtractLayer::new()) // the caller's context becomes the current one
//!     .service(service_fn(move |_: Request<String>| {
//!         let client = client.clone();
//!         async move { client.oneshot(Request::get("http://callee/").body(String::new())?).await }
//!     }));
//! # let _ = server;
//! ```
//!
//! # Overview
//!
//! | for | use |
//! |---|---|
//! | a single header | [`TraceParent`], [`TraceState`] |
//! | a process whose instrumentation should follow the specification | [`W3cPropagator`], installed globally |
//! | a server without an SDK, a proxy, a gateway | [`ExtractLayer`] and [`InjectLayer`]; [`ExtractLayer::with_minting`] |
//! | callers that you do not trust | [`Trust`] |
//! | callees that you do not trust | [`Outgoing`] |
//! | your own layer | [`Propagator`], [`InContext`] |
//! | messages, child processes, other carriers | [`carrier`], [`mod@env`] |
//!
//! # What is read and written, and when
//!
//! | header | read | refused | written |
//! |---|---|---|---|
//! | `traceparent` | once per request | two of them; wrong lengths, upper case, signs, zero ids, version `ff`: a new trace starts | for a valid span, recorded or not |
//! | `tracestate` | after a valid `traceparent`, all lines | one malformed member, or more than 32: all of it | never empty; new or changed members on the left; at most 512 bytes |
//! | `baggage` | all lines | a malformed member alone; members beyond 64 or 8192 bytes | to named hosts only |
//!
//! An invalid header never fails a request: it is treated as absent, and no input from the network can cause
//! a panic.
//!
//! # What leaves the process
//!
//! [`InjectLayer`] sends trace context to every host. **It sends baggage to no host until [`Outgoing`] names
//! one**, because applications store data about their users in it. [`Propagator::inject`],
//! [`carrier::inject`] and [`env::inject`] are explicit calls and write everything.
//!
//! Put the layer inside of any layer that follows redirects, next to the transport, so that each host gets
//! what `Outgoing` allows it. If the client follows redirects by itself, no layer sees the headers that it
//! forwards: see [`Outgoing::with_trusted_redirects`].
//!
//! # When the client leaves
//!
//! The future of the inner service is dropped in its context, so whatever its destructors do still belongs to
//! the trace.
//!
//! The layers and the propagator have examples with the paths of the crate `throughline`, which re-exports
//! them. If you depend on this crate alone, write `throughline_propagation` in place of `throughline` and
//! `throughline::propagation`.
//!
//! # Features
//!
//! | feature | default | |
//! |---|---|---|
//! | `json` | off | serde_json's objects as [carriers](carrier) |
//! | `reqwest` | off | [`InjectLayer`] over `reqwest::Client` |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod carrier;
pub mod env;
pub mod extract;
pub mod inject;

mod baggage;
mod error;
mod hex;
mod in_context;
mod octets;
mod one_line;
mod outgoing;
mod outgoing_request;
mod propagator;
mod random;
mod remainder;
mod traceparent;
mod tracestate;
mod trust;
mod w3c;

pub use error::ParseError;
#[doc(inline)]
pub use extract::{Extract, ExtractLayer};
pub use in_context::InContext;
#[doc(inline)]
pub use inject::{Inject, InjectLayer};
pub use outgoing::{Allowed, Outgoing};
pub use outgoing_request::OutgoingRequest;
pub use propagator::Propagator;
pub use traceparent::TraceParent;
pub use tracestate::TraceState;
pub use trust::{Extracted, PeerAddr, RequestHead, Trust};
pub use w3c::W3cPropagator;

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
