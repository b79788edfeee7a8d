//! Tower layers that trace and measure HTTP servers and clients with OpenTelemetry.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod observe;
pub mod provider;
