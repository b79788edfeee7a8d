//! Tower layers that trace and measure HTTP servers and clients with OpenTelemetry.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod asking;
pub mod observe;
pub mod provider;
pub mod span;

#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
pub use throughline_macros::traced;
