//! Tower layers that trace and measure HTTP servers and clients with OpenTelemetry.
//!
//! [`ServerLayer`] goes around a service, [`ClientLayer`] around a client. Each is one layer for context, span and
//! metrics, by the stable [semantic conventions for HTTP](https://opentelemetry.io/docs/specs/semconv/http/); what it
//! records, and when, is in the documentation of [`server`] and [`client`].
//!
//! | feature | what for |
//! |---|---|
//! | `axum` | routes from `MatchedPath`, peers from `ConnectInfo`, bytes of streamed requests |
//! | `reqwest` | [`ClientLayer`] over `reqwest::Client` |
//! | `reqwest-middleware` | [`ClientLayer`] as a `Middleware` |
//! | `hyper-util` | the peer's address and the kind of errors on the spans of hyper-util's client |
//! | `internal-logs` | a layer that finds nothing to work with says so, once; on by default |
//!
//! Other layers of this workspace watch a response through [`observe`] too: one future, one body, one ending.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod client;
pub mod error_type;
mod exchange;
mod headers;
mod hook;
mod intern;
pub mod labels;
mod method;
mod metrics;
pub mod observe;
mod protocol;
pub mod provider;
mod recent;
mod redact;
mod request_body;
pub mod semconv;
pub mod server;
mod setters;
mod settings;
pub mod span;

pub use client::ClientLayer;
pub use observe::EndAt;
pub use server::ServerLayer;
#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
pub use throughline_macros::traced;
