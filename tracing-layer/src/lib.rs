//! Tower layers that trace and measure HTTP servers and clients with OpenTelemetry.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod asking;
pub mod observe;
pub mod provider;
pub mod span;
