//! Tower layers that trace and measure HTTP servers and clients with OpenTelemetry.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod client;
pub mod error_type;
mod intern;
mod labels;
mod method;
pub mod observe;
mod propagate;
mod protocol;
pub mod provider;
mod redact;
pub mod semconv;
pub mod server;
mod span;

pub use client::ClientLayer;
pub use observe::EndAt;
pub use server::ServerLayer;
