//! W3C Trace Context and Baggage: values, a propagator, and tower layers.

pub mod carrier;
pub mod env;
pub mod extract;
pub mod inject;

mod baggage;
mod error;
mod in_context;
mod outgoing;
mod propagator;
mod random;
mod remainder;
mod traceparent;
mod tracestate;
mod trust;
mod w3c;

pub use error::ParseError;
pub use extract::{Extract, ExtractLayer};
pub use in_context::InContext;
pub use inject::{Inject, InjectLayer};
pub use outgoing::{Allowed, Outgoing};
pub use propagator::Propagator;
pub use traceparent::TraceParent;
pub use tracestate::TraceState;
pub use trust::{Extracted, Head, PeerAddr, Trust};
pub use w3c::W3cPropagator;
