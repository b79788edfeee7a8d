//! Tower layers that trace and measure HTTP servers and clients with OpenTelemetry.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod client;
pub mod error_type;
mod exchange;
mod headers;
mod hook;
mod intern;
mod labels;
mod method;
pub mod observe;
mod protocol;
pub mod provider;
mod recent;
mod redact;
mod request_body;
pub mod semconv;
pub mod server;

pub use client::ClientLayer;
pub use observe::EndAt;
pub use server::ServerLayer;
